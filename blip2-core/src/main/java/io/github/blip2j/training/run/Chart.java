package io.github.blip2j.training.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A chart of curves over the updates of a run, as SVG. */
final class Chart {
  private static final int WIDTH = 460;
  private static final int HEIGHT = 240;
  private static final int LEFT = 64;
  private static final int RIGHT = 14;
  private static final int TOP = 10;
  private static final int BOTTOM = 26;
  private static final int TICKS = 5;
  private static final int DOTS = 60; // fewer points than this are marked

  /** The numbers along an axis. */
  private record Axis(double min, double max) {
    /** An axis that holds all of some numbers, of which at least one is finite. */
    static Axis over(double min, double max) {
      double room = max > min ? 0 : Math.max(Math.abs(min) * 0.1, 1e-6);
      return new Axis(min - room, max + room);
    }

    double share(double value) {
      return (value - min) / (max - min);
    }

    /**
     * Round numbers in it: multiples of 1, 2 or 5 times a power of ten.
     *
     * @param least distance between two of them
     */
    List<Double> ticks(double least) {
      double rough = Math.max(least, (max - min) / TICKS);
      double power = Math.pow(10, Math.floor(Math.log10(rough)));
      double ratio = rough / power;
      double step = power * (ratio < 1.5 ? 1 : ratio < 3.5 ? 2 : ratio < 7.5 ? 5 : 10);
      List<Double> ticks = new ArrayList<>();
      for (long i = (long) Math.ceil(min / step); i * step <= max * (1 + 1e-12); i++) {
        ticks.add(i * step);
      }
      return ticks;
    }
  }

  private final Map<String, List<Curve.Point>> curves;
  private final Axis across;
  private final Axis up;

  private Chart(Map<String, List<Curve.Point>> curves, Axis across, Axis up) {
    this.curves = curves;
    this.across = across;
    this.up = up;
  }

  /**
   * The chart of some curves.
   *
   * @param curves by CSS class
   * @return empty if no number of them is finite
   */
  static String svg(Map<String, List<Curve.Point>> curves) {
    double[] steps = finite(curves, true);
    double[] values = finite(curves, false);
    if (values[0] > values[1]) {
      return "";
    }
    return new Chart(curves, Axis.over(steps[0], steps[1]), Axis.over(values[0], values[1])).draw();
  }

  private static double[] finite(Map<String, List<Curve.Point>> curves, boolean across) {
    double[] ends = {Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
    curves.values().stream()
        .flatMap(List::stream)
        .filter(point -> Double.isFinite(point.value()))
        .mapToDouble(point -> across ? point.step() : point.value())
        .forEach(
            value -> {
              ends[0] = Math.min(ends[0], value);
              ends[1] = Math.max(ends[1], value);
            });
    return ends;
  }

  private String draw() {
    var svg = new StringBuilder();
    add(svg, "<svg viewBox='0 0 %d %d' role='img'>%n", WIDTH, HEIGHT);
    for (double tick : up.ticks(0)) {
      double y = y(tick);
      add(svg, "<path class='grid' d='M%d %.1fH%d'/>", LEFT, y, WIDTH - RIGHT);
      add(svg, "<text x='%d' y='%.1f' text-anchor='end'>%s</text>%n", LEFT - 6, y + 4, text(tick));
    }
    for (double tick : across.ticks(1)) { // there are no halves of updates
      double x = x(tick);
      add(svg, "<path class='grid' d='M%.1f %dV%d'/>", x, TOP, HEIGHT - BOTTOM);
      add(
          svg,
          "<text x='%.1f' y='%d' text-anchor='middle'>%s</text>%n",
          x,
          HEIGHT - BOTTOM + 16,
          text(tick));
    }
    curves.forEach((kind, points) -> add(svg, kind, points));
    return svg.append("</svg>").toString();
  }

  private void add(StringBuilder svg, String kind, List<Curve.Point> points) {
    var line = new StringBuilder();
    boolean drawing = false;
    boolean alone = false;
    for (Curve.Point point : points) {
      boolean there = Double.isFinite(point.value());
      if (there) {
        add(line, "%s%.1f %.1f", drawing ? "L" : "M", x(point.step()), y(point.value()));
      } else if (alone) {
        line.append("h0"); // a dot
      }
      alone = there && !drawing;
      drawing = there; // a number that is not finite makes a gap
    }
    line.append(alone ? "h0" : "");
    add(svg, "<path class='line %s' fill='none' d='%s'/>%n", kind, line);
    if (points.size() < DOTS) {
      for (Curve.Point point : points) {
        if (Double.isFinite(point.value())) {
          add(
              svg,
              "<circle class='%s' cx='%.1f' cy='%.1f' r='2.5'><title>step %s: %s</title></circle>%n",
              kind,
              x(point.step()),
              y(point.value()),
              text(point.step()),
              text(point.value()));
        }
      }
    }
  }

  private double x(double step) {
    return LEFT + across.share(step) * (WIDTH - LEFT - RIGHT);
  }

  private double y(double value) {
    return HEIGHT - BOTTOM - up.share(value) * (HEIGHT - TOP - BOTTOM);
  }

  /** A number in few characters: {@code 0.25}, {@code 12000}, {@code 1.5e-5}. */
  static String text(double value) {
    double size = Math.abs(value);
    if (size != 0 && (size < 1e-3 || size >= 1e6)) {
      String digits = String.format(Locale.ROOT, "%.3e", value);
      return digits
          .replaceAll("\\.?0*e", "e")
          .replaceAll("e([+-])0+(?=\\d)", "e$1")
          .replace("e+", "e");
    }
    String digits =
        String.format(Locale.ROOT, size < 10 ? "%.4f" : size < 1000 ? "%.2f" : "%.0f", value);
    return digits.contains(".") ? digits.replaceAll("\\.?0+$", "") : digits;
  }

  private static void add(StringBuilder to, String format, Object... values) {
    to.append(String.format(Locale.ROOT, format, values));
  }
}
