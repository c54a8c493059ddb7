package io.github.blip2j.io.torch;

import io.github.blip2j.io.file.CheckpointException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The results of calls in a pickle. No call runs any code. */
final class PickleCalls {
  static final String REFUSED = "pickle expected to name weights and plain data only, got %s; %s";
  static final String ALONE = "save the model's state_dict() alone";
  private static final int LONGEST_NAME = 1000;
  private static final int NAME_IN_MESSAGE = 60;

  private final PickleInput in;
  private final PickledTensors tensors;

  /** For the tensors of {@code in}. */
  PickleCalls(PickleInput in, PickledTensors tensors) {
    this.in = in;
    this.tensors = tensors;
  }

  /** The meaning of a name, if it is allowed in a file. */
  PickleClass named(String full) throws CheckpointException {
    if (full.length() > LONGEST_NAME) {
      throw refusal(full);
    }
    PickleClass named = PickleClass.of(full);
    if (named.kind() == PickleClass.Kind.FORBIDDEN) {
      throw refusal(full);
    }
    return named;
  }

  /** The result of calling {@code of} with these arguments. */
  Object call(PickleClass of, List<?> given) throws CheckpointException {
    return switch (of.kind()) {
      case OF_CLASS -> ofClass(given);
      case NEW -> made(of, given);
      default -> simple(of, given);
    };
  }

  /** An object of the class that a constructor of copyreg receives. */
  private Object made(PickleClass of, List<?> given) throws CheckpointException {
    if (given.isEmpty()
        || !(given.get(0) instanceof PickleClass made)
        || made.kind() == of.kind()) {
      throw refusal(of.name());
    }
    return call(made, newArguments(of, given));
  }

  /** The result of a call that contains no other call. */
  private Object simple(PickleClass of, List<?> given) throws CheckpointException {
    return switch (of.kind()) {
      case DICT -> dict(given);
      case TENSOR -> tensors.tensor(given, false);
      case TYPED_TENSOR -> tensors.tensor(given, true);
      case FIRST -> given.isEmpty() ? List.of() : given.get(0);
      case SPARSE, QUANTIZED, META, NESTED, WRAPPER -> tensors.unreadable(of.kind(), given);
      case DEVICE -> tensors.ofDevice(given);
      case ATTRIBUTE -> attribute(of, given);
      case STORAGE, TYPE, PLAIN, OBJECT ->
          new PickledObject(of.name().equals("_codecs.encode") ? "bytes" : of.name());
      case OF_CLASS, NEW, FUNCTION, FORBIDDEN -> throw refusal(of.name());
    };
  }

  /** The error for a forbidden or unknown name. */
  private CheckpointException refusal(String name) {
    String shown =
        name.length() <= NAME_IN_MESSAGE ? name : name.substring(0, NAME_IN_MESSAGE) + "...";
    return in.error(REFUSED, shown, ALONE);
  }

  /** Whether the state of an object would replace the numbers of a tensor. */
  boolean holdsStorage(Object state) {
    Collection<?> parts = state instanceof List<?> list ? list : List.of();
    return parts.stream().anyMatch(part -> part instanceof PickledTensor.Storage);
  }

  private Object ofClass(List<?> given) throws CheckpointException {
    if (given.size() != 4
        || !(given.get(0) instanceof PickleClass makes)
        || !(given.get(1) instanceof PickleClass of)
        || !(given.get(2) instanceof List<?> arguments)) {
      throw in.error("pickle expected a tensor at byte %d, got other arguments", in.position());
    }
    return PickledTensors.ofClass(of, simple(makes, arguments));
  }

  /**
   * The arguments in {@code (class, base, state)}, {@code (class, arguments...)}, or with a tuple
   * of these.
   */
  private static List<?> newArguments(PickleClass of, List<?> given) {
    if (of.name().endsWith("_reconstructor")) {
      return List.of();
    }
    boolean tuple = of.name().endsWith("_ex__") && given.size() > 1;
    return tuple && given.get(1) instanceof List<?> list ? list : given.subList(1, given.size());
  }

  /** An attribute by name, such as a nested class or an enum constant. */
  private Object attribute(PickleClass of, List<?> given) throws CheckpointException {
    if (given.size() == 2 && given.get(1) instanceof String name && name.length() < LONGEST_NAME) {
      if (given.get(0) instanceof PickleClass owner) {
        return named(owner.name() + "." + name);
      }
      if (given.get(0) instanceof PickledObject owner) {
        return new PickledObject(
            owner.what()); // a constant or a method, which is not distinguished
      }
    }
    throw refusal(of.name());
  }

  /**
   * The dict of a list of pairs, as Python 2 wrote an OrderedDict; later versions fill it after the
   * call.
   */
  private static Map<Object, Object> dict(List<?> arguments) {
    Map<Object, Object> dict = new LinkedHashMap<>();
    if (arguments.size() == 1 && arguments.get(0) instanceof List<?> pairs) {
      for (Object pair : pairs) {
        if (pair instanceof List<?> both && both.size() == 2) {
          dict.put(PickleKey.of(both.get(0)), both.get(1));
        }
      }
    }
    return dict;
  }
}
