package dev.limpid.oci.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.io.JsonEOFException;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads one JSON document, strictly: RFC 8259 in valid UTF-8, one value, no duplicate keys, a
 * bounded size, depth and number of values. Whatever is beyond that is a {@link
 * JsonSyntaxException} with line and column.
 */
public final class JsonReader {
  /** The bound on the size of a document where the caller names none: 4 MiB. */
  public static final int DEFAULT_MAX_BYTES = 4 << 20;

  /** The bound on objects and arrays within each other. */
  public static final int MAX_DEPTH = 100;

  /**
   * The bound on the values in a document, members and elements of all levels: in memory, a value
   * of two bytes can take a hundred times as much.
   */
  public static final int MAX_VALUES = 100_000;

  private static final String TRUNCATED = "the document ends too early: it is truncated";

  private static final char BYTE_ORDER_MARK = '\ufeff';

  /** What Jackson adds to its messages for programmers who use it, from here to the end. */
  private static final List<String> HINTS =
      List.of(": enable `", " (for Array starting", " (for Object starting", " (not recognized");

  // Names are not interned and not canonicalized: a document is read once and the process exits.
  // Its size bounds the length of everything in it.
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH + 1)
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .maxNumberLength(Integer.MAX_VALUE)
                  .build())
          .build();

  private final String document;
  private final int maxBytes;

  /**
   * A reader whose errors name the given document.
   *
   * @param document the name in the messages, for example {@code config.json}
   * @param maxBytes the bound on the size of the document, in bytes
   */
  public JsonReader(String document, int maxBytes) {
    this.document = document;
    this.maxBytes = maxBytes;
  }

  /** A reader of documents of up to 4 MiB. */
  public JsonReader(String document) {
    this(document, DEFAULT_MAX_BYTES);
  }

  /**
   * Reads a file.
   *
   * @throws JsonSyntaxException if it holds anything but one acceptable JSON value
   * @throws IOException if it cannot be read
   */
  public JsonValue read(Path file) throws IOException {
    try (InputStream in = open(file)) {
      return read(in);
    }
  }

  /** A file's stream is there at once; the first channel of a process takes milliseconds. */
  private static InputStream open(Path file) throws IOException {
    try {
      return new FileInputStream(file.toFile());
    } catch (FileNotFoundException unclear) {
      // It has an exception for each reason.
      return Files.newInputStream(file);
    }
  }

  /**
   * Reads a stream to its end, or to the size bound; the caller closes it.
   *
   * @throws JsonSyntaxException if it holds anything but one acceptable JSON value
   * @throws IOException if it cannot be read
   */
  public JsonValue read(InputStream in) throws IOException {
    // One byte more than allowed tells "as large as allowed" from "larger".
    int enough = maxBytes == Integer.MAX_VALUE ? maxBytes : maxBytes + 1;
    return parse(in.readNBytes(enough));
  }

  /**
   * Reads a document that is in memory.
   *
   * @throws JsonSyntaxException if it is anything but one acceptable JSON value
   */
  public JsonValue parse(byte[] utf8) {
    if (utf8.length > maxBytes) {
      throw new JsonSyntaxException(
          document, 1, 1, "larger than the " + maxBytes + " bytes that are allowed");
    }
    CharBuffer text = decode(utf8);
    if (text.hasRemaining() && text.get(0) == BYTE_ORDER_MARK) {
      throw new JsonSyntaxException(
          document, 1, 1, "begins with a byte order mark, which JSON does not allow");
    }
    try (JsonParser parser =
        FACTORY.createParser(text.array(), text.arrayOffset(), text.remaining())) {
      if (parser.nextToken() == null) {
        throw new JsonSyntaxException(document, 1, 1, "empty: a JSON value is expected");
      }
      JsonValue value = new Tree(parser).value(1);
      if (parser.nextToken() != null) {
        throw at(parser.currentTokenLocation(), "text after the end of the JSON value");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw at(e.getLocation(), isTruncation(e) ? TRUNCATED : problem(e));
    } catch (IOException e) {
      throw new UncheckedIOException("reading from memory", e);
    }
  }

  /**
   * Jackson accepts some invalid UTF-8 (overlong forms, halves of characters), so the text is
   * decoded before it sees it.
   */
  private CharBuffer decode(byte[] utf8) {
    ByteBuffer bytes = ByteBuffer.wrap(utf8);
    CharBuffer text = CharBuffer.allocate(utf8.length);
    CoderResult result =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT)
            .decode(bytes, text, true);
    if (result.isError()) {
      int line = 1;
      int lineStart = 0;
      for (int i = 0; i < bytes.position(); i++) {
        if (utf8[i] == '\n') {
          line++;
          lineStart = i + 1;
        }
      }
      throw new JsonSyntaxException(
          document, line, bytes.position() - lineStart + 1, "not valid UTF-8");
    }
    return text.flip();
  }

  /** One document on its way into memory. */
  private final class Tree {
    private final JsonParser parser;
    private int values;

    Tree(JsonParser parser) {
      this.parser = parser;
    }

    JsonValue value(int depth) throws IOException {
      values++;
      if (values > MAX_VALUES) {
        throw at(parser.currentTokenLocation(), "more than " + MAX_VALUES + " values");
      }
      JsonToken token = parser.currentToken();
      return switch (token) {
        case START_OBJECT -> object(depth);
        case START_ARRAY -> array(depth);
        case VALUE_STRING -> new JsonString(parser.getText());
        case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new JsonNumber(parser.getText());
        case VALUE_TRUE -> JsonBoolean.TRUE;
        case VALUE_FALSE -> JsonBoolean.FALSE;
        case VALUE_NULL -> JsonNull.NULL;
        default -> throw at(parser.currentTokenLocation(), "a JSON value is expected");
      };
    }

    private JsonObject object(int depth) throws IOException {
      checkDepth(depth);
      JsonObject.Builder builder = JsonObject.builder();
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String key = parser.currentName();
        JsonLocation keyLocation = parser.currentTokenLocation();
        parser.nextToken();
        if (!builder.putIfNew(key, value(depth + 1))) {
          throw at(keyLocation, "duplicate key " + QuotedText.of(key));
        }
      }
      return builder.build();
    }

    private JsonArray array(int depth) throws IOException {
      checkDepth(depth);
      List<JsonValue> elements = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        elements.add(value(depth + 1));
      }
      return new JsonArray(elements);
    }

    private void checkDepth(int depth) {
      if (depth > MAX_DEPTH) {
        throw at(parser.currentTokenLocation(), "nested deeper than " + MAX_DEPTH + " levels");
      }
    }
  }

  private JsonSyntaxException at(JsonLocation location, String problem) {
    return new JsonSyntaxException(document, location.getLineNr(), location.getColumnNr(), problem);
  }

  /** Jackson has an exception for most of the places where a text can end too early. */
  private static boolean isTruncation(JsonProcessingException e) {
    return e instanceof JsonEOFException
        || e.getOriginalMessage().startsWith("Unexpected end-of-input");
  }

  /** The first line of Jackson's message, without its hints and safe to print. */
  private static String problem(JsonProcessingException e) {
    String message = e.getOriginalMessage();
    int end = message.indexOf('\n') < 0 ? message.length() : message.indexOf('\n');
    for (String hint : HINTS) {
      int at = message.indexOf(hint);
      if (at >= 0 && at < end) {
        end = at;
      }
    }
    StringBuilder line = new StringBuilder("not JSON: ");
    QuotedText.appendSafe(line, message.substring(0, end));
    return line.toString();
  }
}
