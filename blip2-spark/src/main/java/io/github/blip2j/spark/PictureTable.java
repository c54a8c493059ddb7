package io.github.blip2j.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * Which columns of a table hold pictures, names and texts, and which columns a result has.
 *
 * @param input the position of the pictures
 * @param holdsBytes whether they are bytes, and not paths
 * @param name the position of the column {@code path}, or -1
 * @param text the position of the column of texts, or -1
 * @param kept positions of the columns that the result has too
 * @param schema of the result: the kept columns, the output, the error
 */
record PictureTable(
    int input, boolean holdsBytes, int name, int text, List<Integer> kept, StructType schema)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  /**
   * Checks a table.
   *
   * @throws IllegalArgumentException if a column is missing, of another type, or there already
   */
  static PictureTable of(StructType table, InferenceOptions options, PictureWork work) {
    String where = "spark." + work.name();
    List<String> names = Arrays.asList(table.fieldNames());
    int input =
        column(
            where, table, options.input(), "inputCol", DataTypes.BinaryType, DataTypes.StringType);
    boolean bytes = table.fields()[input].dataType().equals(DataTypes.BinaryType);
    @Nullable TextSource source = work.text();
    int text = -1;
    if (source != null && source.isColumn()) {
      text = column(where, table, source.value(), "the column of texts", DataTypes.StringType);
    } else if (source != null && source.value().isBlank()) {
      throw new IllegalArgumentException(where + ": text expected, got a blank one");
    }
    List<Integer> kept = new ArrayList<>();
    var result = new StructType();
    for (int i = 0; i < table.size(); i++) {
      if (i != input || !bytes || options.keepsInput()) {
        kept.add(i);
        result = result.add(table.fields()[i]);
      }
    }
    String output = output(options, work);
    for (String fresh : List.of(output, options.error())) {
      if (Arrays.asList(result.fieldNames()).contains(fresh)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s: a new column expected, got '%s', which the table has; choose another name for"
                    + " outputCol or errorCol",
                where,
                fresh));
      }
      result = result.add(fresh, fresh.equals(output) ? work.type() : DataTypes.StringType);
    }
    int name = names.indexOf("path");
    boolean named = name >= 0 && table.fields()[name].dataType().equals(DataTypes.StringType);
    return new PictureTable(input, bytes, named ? name : -1, text, List.copyOf(kept), result);
  }

  /** The name of the column of results. */
  static String output(InferenceOptions options, PictureWork work) {
    @Nullable String output = options.output();
    return output == null ? work.name() : output;
  }

  private static int column(
      String where, StructType table, String name, String setting, DataType... types) {
    int index = Arrays.asList(table.fieldNames()).indexOf(name);
    List<String> expected = Arrays.stream(types).map(DataType::simpleString).toList();
    String wanted =
        String.format(
            Locale.ROOT,
            "%s: column '%s' of %s expected",
            where,
            name,
            String.join(" or ", expected));
    if (index < 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s, got %s; set %s",
              wanted,
              Arrays.toString(table.fieldNames()),
              setting));
    }
    DataType type = table.fields()[index].dataType();
    if (!Arrays.asList(types).contains(type)) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "%s, got %s; set %s", wanted, type.simpleString(), setting));
    }
    return index;
  }
}
