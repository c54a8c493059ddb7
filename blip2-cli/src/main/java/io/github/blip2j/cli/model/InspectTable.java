package io.github.blip2j.cli.model;

import io.github.blip2j.blip2.checkpoint.Inspection;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.tensor.TensorSummary;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The result of {@code blip2 inspect} as text. */
final class InspectTable {
  private static final int SHOWN = 8; // a model of another kind has thousands

  private InspectTable() {}

  static void print(Console console, Inspection inspection, Map<String, TensorSummary> sums)
      throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add(inspection.kind());
    inspection.uses().forEach(use -> lines.addAll(lines(use)));
    if (inspection.uses().isEmpty()) {
      lines.add("loaded by: Checkpoint alone");
    }
    inspection
        .checkpoint()
        .metadata()
        .forEach((key, value) -> lines.add("metadata: " + key + " = " + value));
    inspection
        .checkpoint()
        .passedOver()
        .forEach((key, what) -> lines.add("not a tensor: " + key + ", " + what));
    var tensors = inspection.checkpoint().tensors().values();
    long numbers = tensors.stream().mapToLong(tensor -> tensor.shape().size()).sum();
    lines.add(tensors.size() + " tensors, " + numbers + " numbers");
    for (TensorEntry tensor : tensors) {
      String type = inspection.checkpoint().storedType(tensor.name());
      lines.add(line(tensor, type, sums.get(tensor.name())));
    }
    lines.forEach(line -> console.out().println(Console.oneLine(line)));
  }

  private static List<String> lines(Inspection.Use use) {
    List<String> lines = new ArrayList<>();
    String by = use.name() + " (" + String.join(", ", use.commands()) + ")";
    if (use.loads()) {
      return List.of("loaded by: " + by);
    }
    lines.add("not loaded as it is by: " + by);
    if (!use.refusal().isEmpty()) {
      lines.add(use.refusal());
    }
    tell(lines, "missing", use.missing());
    tell(lines, "of another shape or type", use.misshapen());
    tell(lines, "surplus (--ignore-unexpected-keys leaves them out)", use.surplus());
    return lines;
  }

  private static void tell(List<String> lines, String what, List<String> names) {
    if (!names.isEmpty()) {
      int more = names.size() - SHOWN;
      String list = String.join(", ", names.subList(0, Math.min(SHOWN, names.size())));
      lines.add(
          names.size() + " " + what + ": " + list + (more > 0 ? ", and " + more + " more" : ""));
    }
  }

  private static String line(TensorEntry tensor, String type, @Nullable TensorSummary summary) {
    String line = tensor.name() + " " + type + " " + tensor.shape();
    if (summary == null) {
      return line;
    }
    String numbers =
        String.format(
            Locale.ROOT,
            " sum %.6g min %.6g max %.6g",
            summary.sum(),
            summary.min(),
            summary.max());
    return line + numbers + (summary.nans() == 0 ? "" : " NaNs " + summary.nans());
  }
}
