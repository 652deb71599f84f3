package dev.limpid.engine;

import java.util.function.BooleanSupplier;

/**
 * Who has handed a verb over to a resident process. A verb of which that is true starts no program,
 * as that would not be a child of its caller, and waits for no other verb, as others have to wait
 * for it: {@link EngineContext#needOwnProcess}.
 *
 * @param pid the process that was started for the verb
 * @param waiting whether it is still there, and wants it done
 */
public record Caller(long pid, BooleanSupplier waiting) {}
