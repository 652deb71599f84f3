package dev.limpid.vm.shim;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A plan as the shim reads it (docs/shim.md, "The plan"). */
public final class DecodedPlan {
  private DecodedPlan() {}

  /** The records of a plan. */
  public static List<List<String>> of(ShimPlan plan) {
    return of(plan.toBytes());
  }

  /** The records of a plan that was written. */
  static List<List<String>> read(Path file) throws IOException {
    return of(Files.readAllBytes(file));
  }

  private static List<List<String>> of(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    List<List<String>> records = new ArrayList<>();
    while (buffer.hasRemaining()) {
      int count = inRange(buffer.getInt(), 1, 1024);
      List<String> fields = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        byte[] field = new byte[inRange(buffer.getInt(), 0, 65535)];
        buffer.get(field);
        fields.add(new String(field, StandardCharsets.UTF_8));
      }
      records.add(fields);
    }
    return records;
  }

  private static int inRange(int value, int min, int max) {
    if (value < min || value > max) {
      throw new AssertionError(value + " in a plan: must be " + min + " to " + max);
    }
    return value;
  }
}
