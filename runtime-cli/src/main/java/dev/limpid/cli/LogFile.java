package dev.limpid.cli;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.FileAppender;
import ch.qos.logback.core.encoder.EncoderBase;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonWriter;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.slf4j.Logger;

/**
 * The file of {@code --log}: Logback, set up by program because reading XML costs more than most
 * verbs take. Only made when there is something to write.
 */
final class LogFile {
  private final LoggerContext context;
  private final Logger logger;

  private LogFile(LoggerContext context, Logger logger) {
    this.context = context;
    this.logger = logger;
  }

  static LogFile open(Path file, boolean json, Clock clock, PrintStream err) {
    LoggerContext context = new LoggerContext();
    // SLF4J's own start-up would do this; without, every record fails.
    context.setMDCAdapter(new LogbackMDCAdapter());
    Encoder encoder = new Encoder(json, clock);
    encoder.setContext(context);
    encoder.start();
    FileAppender<ILoggingEvent> appender = new FileAppender<>();
    appender.setContext(context);
    appender.setFile(file.toString());
    appender.setAppend(true);
    appender.setEncoder(encoder);
    appender.start();
    if (!appender.isStarted() || !Files.isWritable(file)) {
      err.println("limpid: --log: " + file + ": cannot be written");
    }
    ch.qos.logback.classic.Logger logger = context.getLogger("limpid");
    logger.setLevel(ch.qos.logback.classic.Level.DEBUG);
    logger.addAppender(appender);
    return new LogFile(context, logger);
  }

  /** Lets go of the file. */
  void close() {
    context.stop();
  }

  void append(Report.Level level, String message) {
    switch (level) {
      case DEBUG -> logger.debug("{}", message);
      case WARNING -> logger.warn("{}", message);
      case ERROR -> logger.error("{}", message);
    }
  }

  /** A record as logrus writes it, which is what callers parse. */
  private static final class Encoder extends EncoderBase<ILoggingEvent> {
    private final boolean json;
    private final Clock clock;

    Encoder(boolean json, Clock clock) {
      this.json = json;
      this.clock = clock;
    }

    @Override
    public byte[] headerBytes() {
      return new byte[0];
    }

    @Override
    public byte[] footerBytes() {
      return new byte[0];
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
      String level =
          switch (event.getLevel().toInt()) {
            case ch.qos.logback.classic.Level.ERROR_INT -> "error";
            case ch.qos.logback.classic.Level.WARN_INT -> "warning";
            default -> "debug";
          };
      String time =
          DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(
              OffsetDateTime.ofInstant(clock.instant(), ZoneOffset.UTC).withNano(0));
      String message = event.getFormattedMessage();
      String line;
      if (json) {
        line =
            JsonWriter.compact()
                .write(
                    JsonObject.builder()
                        .put("level", level)
                        .put("msg", message)
                        .put("time", time)
                        .build());
      } else {
        line =
            "time=\""
                + time
                + "\" level="
                + level
                + " msg="
                + JsonWriter.compact().write(new dev.limpid.oci.json.JsonString(message));
      }
      return (line + "\n").getBytes(StandardCharsets.UTF_8);
    }
  }
}
