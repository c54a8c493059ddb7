package io.github.blip2j.text.unicode;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

final class LowerCaseTest {
  /** What Python 3.11 gives for the same texts, UTF-8. */
  private static final String PYTHON =
      "f48fa0aaf89dd5fd1c51215aa8b8633bff77bbd071e209598bb37eca7c1e2379";

  @Test
  void python_everyCodePointAloneAndBesideSigmas_equalsPython() throws NoSuchAlgorithmException {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      if (c < 0xD800 || c > 0xDFFF) {
        String s = Character.toString(c);
        String text =
            "%1$s\n%1$s\u03a3\na%1$s\u03a3\nA\u03a3%1$s\nA\u03a3%1$sb\n".replace("%1$s", s);
        digest.update(LowerCase.python(text).getBytes(StandardCharsets.UTF_8));
      }
    }

    assertEquals(PYTHON, HexFormat.of().formatHex(digest.digest()));
  }

  @Test
  void python_wordsOfOtherScripts_followTheirRules() {
    assertEquals("i\u0307stanbul", LowerCase.python("\u0130STANBUL"));
    assertEquals(
        "\u03bf\u03b4\u03bf\u03c2 \u03bf\u03c3\u03bf",
        LowerCase.python("\u039f\u0394\u039f\u03a3 \u039f\u03a3\u039f"));
  }

  @Test
  void python_capitals_areThoseOfUnicode14() {
    String of14 = "\ua7c0\ua7d0" + Character.toString(0x10570);
    String of16 = "\ua7cb" + Character.toString(0x10D50);

    assertEquals("\ua7c1\ua7d1" + Character.toString(0x10597), LowerCase.python(of14));
    assertEquals(of16, LowerCase.python(of16));
  }

  @Test
  void python_halfASurrogatePair_stays() {
    assertEquals("a\ud800b", LowerCase.python("A\ud800B"));
  }
}
