package io.github.blip2j.cli.runfile;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The keys of LAVIS's run files that have an equal here, and those without effect here. */
final class LavisKeys {
  private LavisKeys() {}

  /**
   * The equal of a key.
   *
   * @param options the first of these that a command has
   * @param value from LAVIS's value to the option's
   */
  record Equal(List<String> options, UnaryOperator<String> value) {
    private static Equal of(String... options) {
      return new Equal(List.of(options), UnaryOperator.identity());
    }
  }

  private static final Map<String, String> SCHEDULES =
      Map.of(
          "linear_warmup_cosine_lr", "cosine",
          "linear_warmup_step_lr", "step",
          "constant_lr", "constant");

  private static final Map<String, Equal> EQUALS =
      Map.ofEntries(
          Map.entry("run.init_lr", Equal.of("--lr")),
          Map.entry("run.min_lr", Equal.of("--min-lr")),
          Map.entry("run.warmup_lr", Equal.of("--warmup-lr")),
          Map.entry("run.warmup_steps", Equal.of("--warmup-steps")),
          Map.entry("run.lr_decay_rate", Equal.of("--lr-decay-rate")),
          Map.entry("run.weight_decay", Equal.of("--weight-decay")),
          Map.entry("run.beta2", Equal.of("--beta2")),
          Map.entry("run.lr_layer_decay", Equal.of("--layer-decay")),
          Map.entry("run.max_epoch", Equal.of("--epochs")),
          Map.entry("run.batch_size_train", Equal.of("--batch-size")),
          Map.entry("run.accum_grad_iters", Equal.of("--accumulate")),
          Map.entry("run.log_freq", Equal.of("--log-every")),
          Map.entry("run.seed", Equal.of("--seed")),
          Map.entry("run.output_dir", Equal.of("--out")),
          Map.entry("run.lr_sched", new Equal(List.of("--schedule"), LavisKeys::schedule)),
          Map.entry("model.pretrained", Equal.of("--stage1", "--model")),
          Map.entry("model.opt_model", Equal.of("--language")),
          Map.entry("model.t5_model", Equal.of("--language")),
          Map.entry("model.llm_model", Equal.of("--language")),
          Map.entry("model.image_size", Equal.of("--image-size")),
          Map.entry("model.prompt", Equal.of("--prompt")),
          Map.entry("model.max_txt_len", Equal.of("--max-text-tokens")),
          Map.entry("model.max_output_txt_len", Equal.of("--max-output-tokens")),
          Map.entry("model.num_query_token", Equal.of("--queries")),
          Map.entry("model.cross_attention_freq", Equal.of("--cross-attention-every")),
          Map.entry("model.use_grad_checkpoint", Equal.of("--recompute")),
          Map.entry("model.freeze_vit", new Equal(List.of("--train-vision"), LavisKeys::not)),
          Map.entry("datasets.*.build_info.annotations.train.storage", Equal.of("--data")),
          Map.entry("datasets.*.build_info.images.storage", Equal.of("--images")),
          Map.entry("datasets.*.vis_processor.train.image_size", Equal.of("--image-size")),
          Map.entry(
              "datasets.*.vis_processor.train.name",
              new Equal(List.of("--augment"), LavisKeys::augments)),
          Map.entry("datasets.*.text_processor.train.prompt", Equal.of("--prompt")));

  private static final Pattern WITHOUT_EFFECT =
      Pattern.compile(
          "run\\.(task|runner|num_workers|batch_size_eval|evaluate|device|world_size|dist_url|"
              + "distributed|use_dist_eval_sampler|(train|valid|test)_splits|amp|save_freq|val_freq|"
              + "num_beams|max_len|min_len|k_test|inference_method|num_ans_candidates)"
              + "|model\\.(arch|model_type|load_pretrained|load_finetuned|vit_precision)"
              + "|datasets\\.\\*\\.(type|data_type|dataset_card)"
              + "|datasets\\.\\*\\.build_info\\.annotations\\.(.*\\.(url|md5)|(val|test)\\..*)"
              + "|datasets\\.\\*\\.vis_processor\\.eval\\..*"
              + "|datasets\\.\\*\\.text_processor\\.(eval\\..*|train\\.name)");

  private static final Pattern DATA_SET = Pattern.compile("datasets\\.[^.]+\\.");

  /** A key without the name of its data set. */
  static String common(String key) {
    return DATA_SET.matcher(key).replaceFirst("datasets.*.");
  }

  /** The equal of a key, or null if it has none. */
  static @Nullable Equal equal(String key) {
    return EQUALS.get(common(key));
  }

  /** Whether a key changes nothing here. */
  static boolean isWithoutEffect(String key) {
    return WITHOUT_EFFECT.matcher(common(key)).matches();
  }

  /** All keys with an equal. */
  static Iterable<String> all() {
    return EQUALS.keySet();
  }

  private static String schedule(String value) {
    return SCHEDULES.getOrDefault(value, value);
  }

  private static String not(String value) {
    return switch (value.toLowerCase(Locale.ROOT)) {
      case "true" -> "false";
      case "false" -> "true";
      default -> throw new IllegalArgumentException("true or false expected, got " + value);
    };
  }

  private static String augments(String processor) {
    return switch (processor) {
      case "blip2_image_train" -> "true";
      case "blip_image_eval" -> "false";
      default ->
          throw new IllegalArgumentException(
              "processor expected blip2_image_train or blip_image_eval, got " + processor);
    };
  }
}
