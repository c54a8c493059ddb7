package io.github.blip2j.server.work;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.inference.ImageFeatures;
import io.github.blip2j.blip2.text.CandidateRanking;
import io.github.blip2j.blip2.text.RankedCandidate;
import io.github.blip2j.server.models.ServedModel;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;

/** Candidate texts about an image, ranked. */
public final class RankJob extends Job<List<RankedCandidate>> {
  /** What jobs of one batch have in common. */
  private record Kind(List<String> candidates, boolean byMean) {}

  private final Picture picture;
  private final Function<Blip2, String> text;
  private final Kind kind;

  /**
   * A job.
   *
   * @param text the prompt's text, which may depend on the model
   */
  public RankJob(
      String model,
      Picture picture,
      Function<Blip2, String> text,
      List<String> candidates,
      boolean byMean) {
    this(model, picture, text, new Kind(List.copyOf(candidates), byMean));
  }

  private RankJob(String model, Picture picture, Function<Blip2, String> text, Kind kind) {
    super(model, kind);
    this.picture = picture;
    this.text = text;
    this.kind = kind;
  }

  @Override
  public String label() {
    return "rank";
  }

  @Override
  protected void run(ServedModel model, List<? extends Job<?>> jobs, Bench bench)
      throws IOException {
    List<RankJob> mine = jobs.stream().map(RankJob.class::cast).toList();
    Blip2 blip2 = model.blip2().withCancellation(bench.token());
    List<Picture> pictures = mine.stream().map(job -> job.picture).toList();
    List<String> texts = mine.stream().map(job -> job.text.apply(blip2)).toList();
    CandidateRanking order = kind.byMean ? CandidateRanking.byMean() : CandidateRanking.bySum();
    List<ImageFeatures> each = bench.features().of(model, pictures, bench);
    List<List<RankedCandidate>> ranked;
    try (ImageFeatures all = ImageFeatures.joined(each)) {
      ranked = blip2.rank(all, texts, kind.candidates, order);
    }
    for (int i = 0; i < mine.size(); i++) {
      mine.get(i).result().complete(ranked.get(i));
    }
  }
}
