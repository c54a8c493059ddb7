package io.github.blip2j.bench;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.qformer.BertInput;
import io.github.blip2j.qformer.BertLMHeadModel;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import java.util.List;

/**
 * Forward and backward pass of BERT with its language-model head: a training step without the
 * optimiser. Every position has a label, the loss is the mean cross-entropy, and every parameter
 * gets a gradient. There is no dropout.
 */
final class TrainingStep {
  private final BertLMHeadModel model;
  private final List<Parameter> parameters;

  private TrainingStep(BertLMHeadModel model, List<Parameter> parameters) {
    this.model = model;
    this.parameters = parameters;
  }

  /**
   * The step of a model of these sizes, which lives in {@code memory} and computes in {@code
   * factors}.
   */
  static TrainingStep of(BertConfig config, Weights weights, Precision factors, Scope memory) {
    Params params = Params.root(weights, memory);
    var model = new BertLMHeadModel(config, params);
    List<Parameter> parameters = List.copyOf(params.all().values());
    for (Parameter parameter : parameters) {
      parameter.computeIn(factors);
      parameter.train();
    }
    return new TrainingStep(model, parameters);
  }

  List<Parameter> parameters() {
    return parameters;
  }

  /**
   * Runs one step.
   *
   * @param ids [B, T], int64; the labels too
   * @return the loss, a scalar
   */
  Tensor run(Tensor ids) {
    parameters.forEach(Parameter::clearGradient);
    // No dropout, but gradients are recorded.
    Tensor hidden = model.bert().forward(BertInput.ofIds(ids), ForwardPass.evaluation());
    Tensor loss = model.loss(hidden, ids, TokenLoss.ofSameToken());
    loss.backward();
    return loss;
  }
}
