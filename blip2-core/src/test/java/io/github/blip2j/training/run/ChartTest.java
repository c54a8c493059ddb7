package io.github.blip2j.training.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ChartTest {
  private static Curve.Point point(double step, double value) {
    return new Curve.Point(step, value);
  }

  @Test
  void svg_curve_goesFromCornerToCornerWithAGapWhereNothingIsFinite() {
    String svg =
        Chart.svg(
            Map.of(
                "train",
                List.of(
                    point(0, 1), point(10, 2), point(20, Double.NaN), point(30, 4), point(40, 5))));

    Matcher line =
        Pattern.compile("<path class='line train' fill='none' d='([^']*)'/>").matcher(svg);
    assertTrue(line.find(), svg);
    assertEquals("M64.0 214.0L159.5 163.0M350.5 61.0L446.0 10.0", line.group(1));
    assertEquals(4, svg.split("<circle", -1).length - 1);
    assertTrue(svg.contains(">30</text>") && svg.contains(">3</text>"), svg);
  }

  @Test
  void svg_numbersBetweenGaps_areDots() {
    String svg =
        Chart.svg(
            Map.of(
                "train",
                List.of(
                    point(0, 1),
                    point(1, Double.NaN),
                    point(2, 3),
                    point(3, Double.NaN),
                    point(4, 5))));

    assertTrue(svg.contains("d='M64.0 214.0h0M255.0 112.0h0M446.0 10.0h0'"), svg);
  }

  @Test
  void svg_oneUpdate_hasNoHalves() {
    String svg = Chart.svg(Map.of("train", List.of(point(10, 3))));

    assertTrue(svg.contains(">9</text>") && svg.contains(">11</text>"), svg);
    assertFalse(svg.contains(">9.5</text>"), svg);
  }

  @Test
  void svg_oneValue_isDrawnInTheMiddle() {
    String svg = Chart.svg(Map.of("val", List.of(point(7, 3), point(9, 3))));

    assertTrue(svg.contains("d='M64.0 112.0L446.0 112.0'"), svg);
  }

  @Test
  void svg_nothingFinite_isEmpty() {
    assertEquals("", Chart.svg(Map.of("train", List.of(point(1, Double.NaN)))));
    assertEquals("", Chart.svg(Map.of()));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "0.25, 0.25",
    "12000, 12000",
    "0.00001, 1e-5",
    "1.5e-5, 1.5e-5",
    "2e6, 2e6",
    "-3.14159, -3.1416",
    "0.1, 0.1",
    "100, 100",
    "123.456, 123.46",
    "1e10, 1e10"
  })
  void text_isShort(double value, String text) {
    assertEquals(text, Chart.text(value));
  }

  @Test
  void drawn_longCurve_hasMeansOfNeighbours() {
    var curve = new Curve();
    for (int i = 0; i < 1000; i++) {
      curve.add(i, i % 2);
    }

    List<Curve.Point> drawn = curve.drawn();

    assertEquals(334, drawn.size());
    assertEquals(new Curve.Point(1, 1.0 / 3), drawn.get(0));
    assertEquals(new Curve.Point(999, 1), curve.last());
  }

  @Test
  void drawn_longCurve_leavesOutWhatIsNotFinite() {
    var curve = new Curve();
    for (int i = 0; i < 1000; i++) {
      curve.add(i, i % 3 == 1 || i < 6 ? Double.NaN : 2);
    }

    List<Curve.Point> drawn = curve.drawn();

    assertTrue(Double.isNaN(drawn.get(0).value()) && Double.isNaN(drawn.get(1).value()));
    assertEquals(new Curve.Point(7, 2), drawn.get(2));
  }
}
