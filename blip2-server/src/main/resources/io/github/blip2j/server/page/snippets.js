/**
 * The calls of the page as people would write them in three languages.
 *
 * A call has `task` (the last part of the path), `model`, `file` (the picture's name), `fields`
 * (those of the request, without model and image), `base` (the server's address, with a slash at
 * its end) and `key` (whether the server asks for one).
 */
export const snippets = { curl, python, java };

const IMAGE_LESS = (call) => call.task === "search" && call.fields.text !== undefined;

const shell = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

/** A string in Java, and in Python and JSON too. */
const quoted = (text) => JSON.stringify(text);

function curl({ task, model, file, fields, base, key, ...call }) {
  const lines = [];
  if (key) lines.push('-H "Authorization: Bearer $BLIP2_API_KEY"');
  if (IMAGE_LESS({ task, fields }) || fields.conversation) {
    const { image, ...rest } = { ...fields };
    const json = { ...(model && { model }), ...rest };
    if (task !== "search") {
      const open = JSON.stringify(json).slice(1);
      return (
        `{ printf '{"image":"data:image/${type(file)};base64,'; base64 -w0 ${shell(file)}; printf '%s' ${shell(`",${open}`)}; } |\n` +
        ["curl --json @-", ...lines, shell(`${base}v1/${task}`)].join(" \\\n  ")
      );
    }
    lines.push(`--json ${shell(JSON.stringify(json))}`);
  } else {
    lines.push(`-F ${shell(`image=@${file}`)}`);
    const all = { ...(model && { model }), ...fields };
    for (const [name, value] of Object.entries(all)) {
      if (name === "image") continue;
      for (const one of [value].flat()) lines.push(`--form-string ${shell(`${name}=${one}`)}`);
    }
  }
  const save = task === "explain" ? ["-o map.png"] : [];
  return ["curl", ...lines, ...save, shell(`${base}v1/${task}`)].join(" \\\n  ");
}

const CHAT = ["max_tokens", "temperature", "top_p", "seed"];

function python(call) {
  const { task, model, file, fields, base, key } = call;
  const head = [
    ...(IMAGE_LESS(call) ? [] : ["import base64"]),
    ...(key ? ["import os"] : []),
    "from openai import OpenAI",
    "",
    `client = OpenAI(base_url=${quoted(`${base}v1`)}, api_key=${key ? 'os.environ["BLIP2_API_KEY"]' : '"none"'})`,
    ...(IMAGE_LESS(call)
      ? []
      : [
          `with open(${quoted(file)}, "rb") as f:`,
          `    image = "data:image/${type(file)};base64," + base64.b64encode(f.read()).decode()`,
        ]),
    "",
  ];
  return [...head, ...(task === "caption" || task === "answer" ? chat(call) : post(task, model, fields))].join("\n");
}

function chat({ task, model, fields }) {
  const { question, prompt, conversation = [], ...settings } = fields;
  const turns = conversation.flatMap((turn) => [
    `    {"role": "user", "content": ${quoted(turn.question)}},`,
    `    {"role": "assistant", "content": ${quoted(turn.answer)}},`,
  ]);
  const extra = Object.entries({ ...settings, ...(prompt && { raw: true }) }).filter(([name]) => !CHAT.includes(name) && name !== "n");
  const own = Object.entries(settings).filter(([name]) => CHAT.includes(name) || name === "n");
  const text = task === "caption" ? (prompt ?? "") : question;
  return [
    "messages = [",
    ...(turns.length > 0 ? [turns[0].replace(/"content": (.*)\},$/, '"content": [{"type": "image_url", "image_url": {"url": image}}, {"type": "text", "text": $1}]},')] : []),
    ...turns.slice(1),
    turns.length > 0
      ? `    {"role": "user", "content": ${quoted(text)}},`
      : `    {"role": "user", "content": [{"type": "image_url", "image_url": {"url": image}}, {"type": "text", "text": ${quoted(text)}}]},`,
    "]",
    "answer = client.chat.completions.create(",
    `    model=${quoted(model)}, messages=messages,`,
    ...own.map(([name, value]) => `    ${name}=${JSON.stringify(value)},`),
    ...(extra.length > 0 ? [`    extra_body={${extra.map(([name, value]) => `${quoted(name)}: ${literal(value)}`).join(", ")}},`] : []),
    ")",
    "for choice in answer.choices:",
    "    print(choice.message.content)",
  ];
}

function post(task, model, fields) {
  const body = [
    ...(model ? [`"model": ${quoted(model)}`] : []),
    ...(fields.text !== undefined && task === "search" ? [] : ['"image": image']),
    ...Object.entries({ ...fields, ...(task === "explain" && { format: "json" }) })
      .filter(([name]) => name !== "image")
      .map(([name, value]) => `${quoted(name)}: ${literal(value)}`),
  ];
  return [`print(client.post(${quoted(`/${task}`)}, cast_to=object, body={`, ...body.map((line) => `    ${line},`), "}))"];
}

const literal = (value) => (value === true ? "True" : value === false ? "False" : JSON.stringify(value));

const type = (file) => {
  const end = file.split(".").pop().toLowerCase();
  return { jpg: "jpeg", jfif: "jpeg", tif: "tiff" }[end] ?? (/^[a-z]+$/.test(end) ? end : "png");
};

const WITHERS = {
  num_beams: (v) => `.numBeams(${v})`,
  max_tokens: (v) => `.maxNewTokens(${v})`,
  min_tokens: (v) => `.minNewTokens(${v})`,
  length_penalty: (v) => `.lengthPenalty(${v})`,
  repetition_penalty: (v) => `.repetitionPenalty(${v})`,
  no_repeat_ngram_size: (v) => `.noRepeatNgramSize(${v})`,
  temperature: (v) => (v > 0 ? `.temperature(${v})` : ""),
  top_p: (v) => `.topP(${v})`,
  top_k: (v) => `.topK(${v})`,
  seed: (v) => `.seed(${v}L)`,
  n: (v) => `.numReturnSequences(${v})`,
};

/** The settings in the order in which they may be set. */
function withers(fields) {
  const sampling = fields.temperature === undefined ? fields.top_p < 1 || fields.top_k > 0 : fields.temperature > 0;
  const names = Object.keys(WITHERS).filter((name) => fields[name] !== undefined);
  const set = names.filter((name) => sampling || !["temperature", "top_p", "top_k", "seed"].includes(name));
  const one = sampling && fields.num_beams === undefined ? ".numBeams(1)" : "";
  return `${sampling ? ".sampling()" : ""}${one}${set.map((name) => WITHERS[name](fields[name])).join("")}`;
}

function java(call) {
  const { task, fields } = call;
  if (task === "search") return javaHttp(call);
  const matches = task === "match" || task === "explain";
  const imports = new Set([`io.github.blip2j.blip2.${matches ? "ImageTextMatcher" : "Blip2"}`, "io.github.blip2j.vision.image.Image", "java.nio.file.Path"]);
  const body = { caption: javaCaption, answer: javaAnswer, rank: javaRank, match: javaMatch, explain: javaExplain }[task](call, imports);
  const type = matches ? "ImageTextMatcher" : "Blip2";
  const bundled = call.model === (matches ? "bundled-matcher" : "bundled");
  const load = bundled ? `${type}.bundled()` : `${type}.load(Path.of(${quoted(call.model)}))`;
  const name = matches ? "matcher" : "blip2";
  return [
    ...[...imports].sort().map((one) => `import ${one};`),
    "",
    "public class Try {",
    "  public static void main(String[] args) throws Exception {",
    `    try (var ${name} = ${load}) {`,
    `      Image image = ${name}.read(Path.of(${quoted(call.file)}));`,
    ...body.map((line) => `      ${line}`),
    "    }",
    "  }",
    "}",
  ].join("\n");
}

function javaCaption({ fields }) {
  const { prompt = "", ...settings } = fields;
  if (Object.keys(fields).length === 0) return ["System.out.println(blip2.caption(image));"];
  return [
    `var settings = blip2.captionConfig()${withers(settings)};`,
    `blip2.generate(image, ${quoted(prompt)}, settings)`,
    "    .forEach(caption -> System.out.println(caption.text()));",
  ];
}

function javaAnswer({ fields }, imports) {
  const { question, conversation = [], ...settings } = fields;
  const own = withers(settings);
  const lines = [];
  let talk = "";
  if (conversation.length > 0) {
    imports.add("io.github.blip2j.blip2.text.Conversation");
    lines.push("var talk = Conversation.empty()");
    conversation.forEach((turn) => lines.push(`    .and(${quoted(turn.question)}, ${quoted(turn.answer)})`));
    lines[lines.length - 1] += ";";
    talk = "talk, ";
  }
  if (own === "") return [...lines, `System.out.println(blip2.answer(image, ${talk}${quoted(question)}));`];
  return [
    ...lines,
    `String prompt = blip2.questions().ask(${talk}${quoted(question)});`,
    `var settings = blip2.answerConfig()${own};`,
    "System.out.println(blip2.generate(image, prompt, settings).get(0).text());",
  ];
}

function javaRank({ fields }, imports) {
  imports.add("io.github.blip2j.blip2.text.CandidateRanking").add("java.util.List");
  const prompt = fields.question === undefined ? '""' : `blip2.questions().ask(${quoted(fields.question)})`;
  return [
    `String prompt = ${prompt};`,
    `var candidates = List.of(${fields.candidates.map(quoted).join(", ")});`,
    `var order = CandidateRanking.${fields.by === "mean" ? "byMean" : "bySum"}();`,
    "blip2.rank(image, prompt, candidates, order)",
    '    .forEach(one -> System.out.println(one.text() + " " + one.sum()));',
  ];
}

function javaMatch({ fields }, imports) {
  imports.add("java.util.List");
  return [
    `var texts = List.of(${fields.texts.map(quoted).join(", ")});`,
    "matcher.match(image, texts)",
    '    .forEach(match -> System.out.println(match.itmProbability() + " " + match.itc()));',
  ];
}

function javaExplain({ fields }, imports) {
  imports.add("javax.imageio.ImageIO");
  return [
    `var maps = matcher.gradCam(image, ${quoted(fields.text)});`,
    "var drawing = maps.drawing(maps.usualLayer());",
    'ImageIO.write(drawing.toBufferedImage(), "png", Path.of("map.png").toFile());',
  ];
}

function javaHttp({ fields, base, key, file }) {
  const json = JSON.stringify({ ...fields, ...(fields.image && { image: `(the data URL of ${file})` }) });
  return [
    "import java.net.URI;",
    "import java.net.http.HttpClient;",
    "import java.net.http.HttpRequest;",
    "import java.net.http.HttpResponse.BodyHandlers;",
    "",
    "public class Try {",
    "  public static void main(String[] args) throws Exception {",
    `    var request = HttpRequest.newBuilder(URI.create(${quoted(`${base}v1/search`)}))`,
    '        .header("Content-Type", "application/json")',
    ...(key ? ['        .header("Authorization", "Bearer " + System.getenv("BLIP2_API_KEY"))'] : []),
    `        .POST(HttpRequest.BodyPublishers.ofString(${quoted(json)}))`,
    "        .build();",
    "    System.out.println(HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body());",
    "  }",
    "}",
  ].join("\n");
}
