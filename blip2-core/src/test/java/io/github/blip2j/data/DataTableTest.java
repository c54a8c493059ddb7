package io.github.blip2j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tables: CSV, TSV and other delimiters, as data sets, pandas and spreadsheets write them. */
final class DataTableTest extends WrittenFiles {
  DataTableTest(@TempDir Path folder) {
    super(folder);
  }

  @Test
  void flickr_tokens_keepQuotesAndNeedNoHeader() throws IOException {
    List<DataRecord> records =
        read(
            "results_20130124.token",
            "10.jpg#0\tTwo men , in \"blue\" .\n10.jpg#1\t\"Stop\" says a sign .\n");

    assertEquals(
        List.of(List.of("Two men , in \"blue\" ."), List.of("\"Stop\" says a sign .")),
        records.stream().map(DataRecord::captions).toList());
    assertEquals("10.jpg", records.get(1).image().id());
  }

  @Test
  void tables_ofSeveralDelimiters_areRead() throws IOException {
    String expected = "[10.jpg, [Two men, in blue], 20.jpg, [A \"dog\"]]";

    assertEquals(
        expected,
        shown(
            "a.csv",
            "image,caption\r\n10.jpg,\"Two men, in blue\"\r\n20.jpg,\"A \"\"dog\"\"\"\r\n"));
    assertEquals(
        expected,
        shown("b.TSV", "filepath\ttitle\n10.jpg\tTwo men, in blue\n20.jpg\t\"A \"\"dog\"\"\"\n"));
    assertEquals(
        expected,
        shown(
            "results.csv",
            "image_name| comment_number| comment\n10.jpg| 0| Two men, in blue\n20.jpg| 1| \"A \"\"dog\"\"\"\n"));
    assertEquals(
        "[10.jpg, [One., Two.]]",
        shown(
            "flickr_annotations.csv",
            "raw,sentids,split,filename,img_id\n\"[\"\"One.\"\", \"\"Two.\"\"]\",\"[0, 1]\",test,10.jpg,0\n"));
  }

  @Test
  void tables_ofPandasAndSpreadsheets_areRead() throws IOException {
    String expected = "[10.jpg, [Two men.], 20.jpg, [A dog.]]";

    assertEquals(
        expected, shown("index.csv", ",image,caption\n0,10.jpg,Two men.\n1,20.jpg,A dog.\n"));
    assertEquals(
        expected, shown("open.csv", "image,caption,,\n10.jpg,Two men.,,\n20.jpg,A dog.,,\n"));
    assertEquals(
        expected, shown("semicolons.csv", "image;caption\n10.jpg;Two men.\n20.jpg;A dog.\n"));
  }

  @Test
  void flickr_tableWithADelimiterLess_isReadAsItWasPublished() throws IOException {
    String table =
        """
        image_name| comment_number| comment
        10.jpg| 3| A dog .
        10.jpg| 4   A dog runs across the grass .
        """;

    assertEquals(
        "[10.jpg, [A dog .], 10.jpg, [A dog runs across the grass .]]",
        shown("results.csv", table));
  }

  @Test
  void read_keysThatMeanTheSame_mayBeNullBesideOneThatIsNot() throws IOException {
    assertEquals(
        "[10.jpg, [A dog.]]",
        shown("a.json", "[{\"image\": \"10.jpg\", \"caption\": \"A dog.\", \"text\": null}]"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      quoteCharacter = '`',
      value = {
        "image,caption\\na.jpg ! row 1: cells expected 2, as the header has, got 1; add what is missing,"
            + " a delimiter or a cell",
        "image,caption\\na.jpg,b,c ! row 1: cells expected 2, as the header has, got 3; put cells with"
            + " delimiters into quotes",
        "image,image\\na,b ! rows expected as RFC 4180 has them, got The header contains a duplicate"
            + " name: \"image\" in [image, image]. If this is valid then use"
            + " CSVFormat.Builder.setDuplicateHeaderMode().; write a quote inside quotes twice",
        "caption,url\\na,b ! row 1: keys expected image and caption, or file_name and text, got"
            + " caption, url; write one record for each image, its path as image and its caption as"
            + " caption",
        "image,caption ! records expected at least 1, got none",
      })
  void tables_whatIsNoRow_isNamed(String text, String message) throws IOException {
    assertRefused(write("a.csv", text.replace("\\n", "\n")), message);
  }

  @Test
  void tables_openQuote_isRefused() throws IOException {
    Path file = write("a.csv", "image,caption\na.jpg,\"open\nb.jpg,c\n");

    String message =
        String.valueOf(
            assertThrows(DataException.class, () -> DataFile.of(file).read()).getMessage());

    assertEquals(
        file + ": rows expected as RFC 4180 has them",
        message.substring(0, message.indexOf(", got")));
  }

  private String shown(String name, String text) throws IOException {
    List<Object> shown = new ArrayList<>();
    for (DataRecord each : read(name, text)) {
      shown.add(each.image().path());
      shown.add(each.captions());
    }
    return shown.toString();
  }
}
