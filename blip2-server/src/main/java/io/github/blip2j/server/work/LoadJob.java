package io.github.blip2j.server.work;

import io.github.blip2j.server.models.ServedModel;
import java.util.List;

/** A model loaded, before a request to it can be understood. */
public final class LoadJob extends Job<Boolean> {
  /** A job. */
  public LoadJob(String model) {
    super(model, "load");
  }

  @Override
  public String label() {
    return "load";
  }

  @Override
  protected void run(ServedModel model, List<? extends Job<?>> jobs, Bench bench) {
    jobs.forEach(job -> ((LoadJob) job).result().complete(true));
  }
}
