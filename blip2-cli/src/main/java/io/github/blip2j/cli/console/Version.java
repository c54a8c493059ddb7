package io.github.blip2j.cli.console;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** The version that Maven wrote into the jar. */
public final class Version implements IVersionProvider {
  private static final String FILE = "/META-INF/maven/io.github.blip2j/blip2-cli/pom.properties";

  Version() {}

  @Override
  public String[] getVersion() throws IOException {
    return new String[] {"blip2 " + number()};
  }

  public static String number() throws IOException {
    Properties properties = new Properties();
    try (InputStream in = Version.class.getResourceAsStream(FILE)) {
      if (in != null) {
        properties.load(in);
      }
    }
    return properties.getProperty("version", "from classes"); // run without a jar, as tests do
  }
}
