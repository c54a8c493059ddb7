package io.github.blip2j.cli.console;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.spi.ContextAwareBase;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Warnings on standard error. Configured in Java because reading an XML configuration takes longer
 * than captioning an image.
 */
public final class LogSettings extends ContextAwareBase implements Configurator {
  private static final String OURS = "io.github.blip2j";

  /** For the service loader. */
  public LogSettings() {}

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    var appender = new StandardError();
    appender.setContext(context);
    appender.start();
    var root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.WARN);
    root.addAppender(appender);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  /** Lowers the levels, for {@code --debug}. */
  public static void debug() {
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(Level.INFO);
      context.getLogger(OURS).setLevel(Level.DEBUG);
    }
  }

  private static final class StandardError extends AppenderBase<ILoggingEvent> {
    private final LogBudget budget = new LogBudget(System::nanoTime);

    @Override
    protected void append(ILoggingEvent event) {
      String logger = event.getLoggerName();
      LogBudget.Verdict verdict = budget.take(logger);
      if (verdict == LogBudget.Verdict.DROP) {
        return;
      }
      String message =
          LogBudget.shortened(logger, Console.oneLine(event.getFormattedMessage()))
              + (verdict == LogBudget.Verdict.LAST ? " (no more from there for a minute)" : "");
      System.err.println(TerminalText.line(event.getLevel() + " " + logger + ": " + message));
      if (event.getThrowableProxy() != null) {
        System.err.print(
            TerminalText.lines(ThrowableProxyUtil.asString(event.getThrowableProxy())));
      }
    }
  }
}
