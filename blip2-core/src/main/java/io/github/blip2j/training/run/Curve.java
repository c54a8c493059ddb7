package io.github.blip2j.training.run;

import java.util.ArrayList;
import java.util.List;

/** Numbers of a run over its updates. */
final class Curve {
  /** A number after an update; NaN where the log has none. */
  record Point(double step, double value) {}

  private static final int MOST = 400; // more than a chart is wide

  private final List<Point> points = new ArrayList<>();

  void add(double step, double value) {
    points.add(new Point(step, value));
  }

  /** The last finite point, or NaN. */
  Point last() {
    for (int i = points.size() - 1; i >= 0; i--) {
      if (Double.isFinite(points.get(i).value)) {
        return points.get(i);
      }
    }
    return new Point(Double.NaN, Double.NaN);
  }

  /** The points to draw: of a long curve the means of neighbours, as far as they are finite. */
  List<Point> drawn() {
    int each = (points.size() + MOST - 1) / MOST;
    if (each <= 1) {
      return List.copyOf(points);
    }
    List<Point> means = new ArrayList<>();
    for (int begin = 0; begin < points.size(); begin += each) {
      List<Point> some = points.subList(begin, Math.min(begin + each, points.size()));
      double step = some.stream().mapToDouble(Point::step).average().orElse(Double.NaN);
      double value =
          some.stream()
              .mapToDouble(Point::value)
              .filter(Double::isFinite)
              .average()
              .orElse(Double.NaN);
      means.add(new Point(step, value));
    }
    return means;
  }
}
