package io.github.blip2j.io.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a hub may answer that is none, and what a user may say that names none. */
final class HubAnswerTest {
  private static final String WEIGHTS = "model.safetensors";
  private static final String MAIN = "/revision/main";

  private final Path cache;
  private final FakeHub hub;

  HubAnswerTest(@TempDir Path folder) throws IOException {
    cache = folder.resolve("cache");
    hub = FakeHub.start().large(WEIGHTS, FakeHub.bytes(100));
  }

  @AfterEach
  void close() {
    hub.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403})
  void download_withoutTheRight_saysHowToGetIt(int status) {
    hub.instead("GET", MAIN, 1, FakeHub.answer(status, ""));

    assertEquals(
        String.format(
                Locale.ROOT,
                "org/name: right to read expected, got HTTP %d; check the name, set HF_TOKEN, and accept",
                status)
            + String.format(Locale.ROOT, " the licence at %s/org/name", hub.endpoint()),
        failure());
    assertEquals(1, hub.requests().size());
  }

  @Test
  void download_fileWithoutTheRight_saysHowToGetIt() {
    hub.instead("HEAD", WEIGHTS, 1, FakeHub.answer(403, ""));

    assertEquals(
        "org/name: right to read expected, got HTTP 403; check the name, set HF_TOKEN, and accept"
            + String.format(Locale.ROOT, " the licence at %s/org/name", hub.endpoint()),
        failure());
  }

  @Test
  void download_unknownModel_namesIt() {
    assertEquals(
        String.format(
            Locale.ROOT,
            "org/other: model expected at %s/org/other, got HTTP 404; check its name",
            hub.endpoint()),
        failure("org/other"));
  }

  @Test
  void download_unknownModelOrRevision_namesBoth() {
    assertEquals(
        String.format(
            Locale.ROOT,
            "org/other@v2: model expected at %s/org/other with revision v2, got HTTP 404;"
                + " check its name and the revision",
            hub.endpoint()),
        failure("org/other@v2"));
  }

  @Test
  void download_unknownRevision_namesIt() {
    hub.instead(
        "GET", "/revision/v2", 1, FakeHub.answer(404, "", "X-Error-Code", "RevisionNotFound"));

    assertEquals(
        String.format(
            Locale.ROOT,
            "org/name@v2: revision v2 expected at %s/org/name, got HTTP 404;"
                + " look there for the revisions it has",
            hub.endpoint()),
        failure("org/name@v2"));
  }

  @Test
  void download_missingFile_namesIt() {
    hub.instead("HEAD", WEIGHTS, 1, FakeHub.answer(404, ""));

    assertEquals(
        String.format(
            Locale.ROOT,
            "org/name: file model.safetensors expected at %s/org/name, got HTTP 404; run it again",
            hub.endpoint()),
        failure());
  }

  @Test
  void download_oddStatus_isTold() {
    hub.instead("GET", MAIN, 1, FakeHub.answer(418, ""));

    assertEquals(
        String.format(
            Locale.ROOT,
            "org/name: list of files expected from %s, got HTTP 418; check HF_ENDPOINT",
            hub.endpoint()),
        failure());
  }

  @Test
  void download_garbage_isNoAnswer() {
    hub.instead("GET", MAIN, 1, FakeHub.answer(200, "{\"sha\": "));

    assertEquals(
        hub.endpoint()
            + "/api/models/org/name/revision/main: JSON expected, got malformed text;"
            + " check HF_ENDPOINT",
        failure());
  }

  @Test
  void download_html_isNoAnswer() {
    hub.instead("GET", MAIN, 1, FakeHub.answer(200, "\n<!doctype html><title>Log in</title>"));

    assertEquals(
        hub.endpoint()
            + "/api/models/org/name/revision/main: JSON expected, got HTML;"
            + " check HF_ENDPOINT and whether the network wants a login",
        failure());
  }

  @Test
  void download_answerWithoutCommit_saysSo() {
    hub.instead("GET", MAIN, 1, FakeHub.answer(200, "{\"siblings\": []}"));

    assertEquals(
        hub.endpoint() + "/api/models/org/name/revision/main: sha is missing; check HF_ENDPOINT",
        failure());
  }

  @Test
  void download_commitThatIsAPath_isRefused() {
    hub.instead("GET", MAIN, 1, FakeHub.answer(200, "{\"sha\": \"../x\", \"siblings\": []}"));

    assertEquals(
        hub.endpoint()
            + "/api/models/org/name/revision/main: sha expected a commit, got \"../x\";"
            + " check HF_ENDPOINT",
        failure());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../model.safetensors",
        "/tmp/model.safetensors",
        "a/../../model.safetensors",
        "a//model.safetensors",
        "..\\\\model.safetensors",
        "C:model.safetensors",
        "./model.safetensors",
        ""
      })
  void download_nameThatLeadsOutside_isRefused(String name) throws IOException {
    hub.instead(
        "GET",
        MAIN,
        1,
        FakeHub.answer(
            200,
            String.format(
                Locale.ROOT,
                "{\"sha\": \"%s\", \"siblings\": [{\"rfilename\": \"%s\"}]}",
                FakeHub.COMMIT,
                name)));

    assertEquals(
        String.format(
            Locale.ROOT,
            "%s/api/models/org/name/revision/main: rfilename expected a path within the model,"
                + " got \"%s\"; check HF_ENDPOINT",
            hub.endpoint(),
            name.replace("\\\\", "\\")),
        failure());
    assertFalse(Files.exists(cache));
  }

  @Test
  void download_etagThatIsAPath_isRefused() {
    hub.instead("HEAD", WEIGHTS, 1, FakeHub.answer(200, "", "ETag", "\"../../x\""));

    assertEquals(
        "org/name: model.safetensors expected with an ETag, got \"../../x\"; check HF_ENDPOINT",
        failure());
  }

  @Test
  void download_fileOfAnotherCommit_isRefused() {
    hub.instead(
        "HEAD", WEIGHTS, 1, FakeHub.answer(200, "", "ETag", "\"a\"", "X-Repo-Commit", "other"));

    assertEquals(
        String.format(
            Locale.ROOT,
            "org/name: model.safetensors expected of commit %s, got it of other; run it again",
            FakeHub.COMMIT),
        failure());
  }

  @Test
  void download_redirectsInACircle_end() {
    hub.instead("GET", MAIN, 99, FakeHub.answer(302, "", "Location", "main"));

    assertEquals(
        String.format(
            Locale.ROOT,
            "org/name: at most 10 redirects expected from %s, got more; check HF_ENDPOINT",
            hub.endpoint()),
        failure());
    assertEquals(11, hub.requests().size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"file:///etc/passwd", "ftp://host/x", "http:", "http://a b"})
  void download_redirectToSomethingElse_isRefused(String target) {
    hub.instead("GET", MAIN, 1, FakeHub.answer(302, "", "Location", target + "?signature"));

    assertEquals(
        String.format(
            Locale.ROOT,
            "org/name: redirect expected to an address that is as safe, got %s?...; check HF_ENDPOINT",
            target),
        failure());
  }

  @Test
  void download_redirectToNowhere_isRefused() {
    hub.instead("GET", MAIN, 1, FakeHub.answer(302, ""));

    assertEquals(
        "org/name: redirect expected to an address that is as safe, got none; check HF_ENDPOINT",
        failure());
  }

  @Test
  void download_whatIsNoId_isRefused() {
    assertEquals(
        "model id expected as in org/name or org/name@revision, got 'name'",
        assertThrows(
                IllegalArgumentException.class,
                () -> Hub.of(hub.environment(cache)).download("name"))
            .getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"huggingface", "ftp://host", "http://", "http://a b"})
  void of_endpointThatIsNone_isRefused(String endpoint) {
    assertEquals(
        String.format(
            Locale.ROOT, "HF_ENDPOINT: address expected as in https://host, got '%s'", endpoint),
        refusal("HF_ENDPOINT", endpoint));
  }

  @Test
  void of_endpointWithPassword_isNotShown() {
    assertEquals(
        "HF_ENDPOINT: address expected as in https://host, got one with a user in it",
        refusal("HF_ENDPOINT", "http://me:secret@host"));
  }

  @Test
  void of_tokenThatIsNone_isNotShown() {
    assertEquals(
        "HF_TOKEN: token expected of letters, digits and signs, got other characters",
        refusal("HF_TOKEN", "hf_se\ncret"));
  }

  @Test
  void of_timeoutThatIsNone_isRefused() {
    assertEquals(
        "HF_HUB_DOWNLOAD_TIMEOUT: whole seconds expected, got soon",
        refusal("HF_HUB_DOWNLOAD_TIMEOUT", "soon"));
  }

  private String failure() {
    return failure("org/name");
  }

  private String failure(String id) {
    return String.valueOf(
        assertThrows(HubException.class, () -> Hub.of(hub.environment(cache)).download(id))
            .getMessage());
  }

  private String refusal(String variable, String value) {
    Map<String, String> environment = new HashMap<>(hub.environment(cache));
    environment.put(variable, value);
    return String.valueOf(
        assertThrows(IllegalArgumentException.class, () -> Hub.of(environment).download("org/name"))
            .getMessage());
  }
}
