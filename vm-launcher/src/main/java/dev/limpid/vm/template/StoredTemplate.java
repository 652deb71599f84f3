package dev.limpid.vm.template;

import java.time.Instant;

/**
 * A template of a store.
 *
 * @param template the template
 * @param record what is known of it
 * @param lastUsed when the last clone was made of it, or it itself
 */
public record StoredTemplate(Template template, TemplateRecord record, Instant lastUsed) {}
