package io.github.blip2j.tensor;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Opens a scope around each test and what runs before it, so that no test leaves tensors behind. A
 * method that needs the scope itself takes it as a parameter.
 */
public final class InScope implements BeforeEachCallback, AfterEachCallback, ParameterResolver {
  @Override
  public void beforeEach(ExtensionContext test) {
    Scope scope =
        test.getRequiredTestInstance() instanceof OnBackend chosen
            ? Scope.open(chosen.backend())
            : Scope.open();
    store(test).put(Scope.class, scope);
  }

  @Override
  public void afterEach(ExtensionContext test) {
    scope(test).close();
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
    return parameter.getParameter().getType() == Scope.class;
  }

  @Override
  public Scope resolveParameter(ParameterContext parameter, ExtensionContext test) {
    return scope(test);
  }

  private static Scope scope(ExtensionContext test) {
    return store(test).get(Scope.class, Scope.class);
  }

  private static ExtensionContext.Store store(ExtensionContext test) {
    return test.getStore(ExtensionContext.Namespace.create(InScope.class));
  }
}
