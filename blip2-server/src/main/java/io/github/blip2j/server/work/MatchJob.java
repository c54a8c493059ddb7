package io.github.blip2j.server.work;

import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.inference.MatchingFeatures;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.server.models.ServedModel;
import java.io.IOException;
import java.util.List;

/** An image compared with texts. */
public final class MatchJob extends Job<List<Match>> {
  private final Picture picture;
  private final List<String> texts;

  /** A job. */
  public MatchJob(String model, Picture picture, List<String> texts) {
    super(model, texts.size() == 1 ? "one text" : new Object()); // several are a batch already
    this.picture = picture;
    this.texts = List.copyOf(texts);
  }

  @Override
  public String label() {
    return "match";
  }

  @Override
  protected void run(ServedModel model, List<? extends Job<?>> jobs, Bench bench)
      throws IOException {
    ImageTextMatcher matcher = model.matcher().withCancellation(bench.token());
    List<MatchJob> mine = jobs.stream().map(MatchJob.class::cast).toList();
    List<Picture> pictures = mine.stream().map(job -> job.picture).toList();
    List<MatchingFeatures> each = bench.features().matching(model, pictures, bench);
    if (jobs.size() == 1) {
      result().complete(matcher.match(each.get(0), texts));
      return;
    }
    List<String> pairs = mine.stream().map(job -> job.texts.get(0)).toList();
    List<Match> matches;
    try (MatchingFeatures all = MatchingFeatures.joined(each)) {
      matches = matcher.matchPairs(all, pairs);
    }
    for (int i = 0; i < mine.size(); i++) {
      mine.get(i).result().complete(List.of(matches.get(i)));
    }
  }
}
