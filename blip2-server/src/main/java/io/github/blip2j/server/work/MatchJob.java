package io.github.blip2j.server.work;

import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.server.models.ServedModel;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.util.ArrayList;
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
    if (jobs.size() == 1) {
      result().complete(matcher.match(picture.decode(bench.maxPixels()), texts));
      return;
    }
    List<MatchJob> mine = jobs.stream().map(MatchJob.class::cast).toList();
    List<Image> images = new ArrayList<>();
    for (MatchJob job : mine) {
      images.add(job.picture.decode(bench.maxPixels()));
    }
    List<String> pairs = mine.stream().map(job -> job.texts.get(0)).toList();
    List<Match> matches = matcher.matchPairs(images, pairs);
    for (int i = 0; i < mine.size(); i++) {
      mine.get(i).result().complete(List.of(matches.get(i)));
    }
  }
}
