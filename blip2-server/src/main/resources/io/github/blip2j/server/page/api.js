/** An error that the server told, or that kept us from reaching it (status 0). */
export class ApiError extends Error {
  constructor(message, { status = 0, code, param, retryAfter, requestId } = {}) {
    super(message);
    Object.assign(this, { status, code, param, retryAfter, requestId });
  }
}

const KEY = "blip2.key";

/** Calls of the server that this page came from. */
export class Api {
  #key = "";
  #asking = null;

  /** @param {(message: string) => Promise<string|null>} askKey asks for a key; null to give up */
  constructor(askKey) {
    this.askKey = askKey;
    try {
      this.#key = sessionStorage.getItem(KEY) ?? "";
    } catch {
      // no storage: the key lasts as long as the page
    }
  }

  get key() {
    return this.#key;
  }

  set key(key) {
    this.#key = key;
    try {
      if (key) sessionStorage.setItem(KEY, key);
      else sessionStorage.removeItem(KEY);
    } catch {
      // as above
    }
  }

  /** GET of a path relative to the page. */
  async get(path, signal) {
    return (await this.#send(path, { signal })).json();
  }

  /** A file of this server, with the key. */
  async file(path, signal) {
    return (await this.#send(path, { signal })).blob();
  }

  /** POST of JSON, answered by JSON. */
  async post(path, body, signal) {
    return (await this.#send(path, this.#json(body, signal))).json();
  }

  /** POST of JSON, answered by server-sent events, each as an object. */
  async *events(path, body, signal) {
    const response = await this.#send(path, this.#json(body, signal));
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await read(reader, signal);
      if (done) return;
      const parts = (rest + value).split("\n\n");
      rest = parts.pop();
      for (const part of parts) {
        const data = part
          .split("\n")
          .filter((line) => line.startsWith("data:"))
          .map((line) => line.slice(5).trimStart())
          .join("\n");
        if (data === "" || data === "[DONE]") continue;
        const event = JSON.parse(data);
        if (event.error) throw told(event.error, {});
        yield event;
      }
    }
  }

  #json(body, signal) {
    return {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal,
    };
  }

  async #send(path, options) {
    for (;;) {
      const used = this.#key;
      const headers = { ...options.headers, ...(used && { Authorization: `Bearer ${used}` }) };
      const response = await reached(() => fetch(path, { ...options, headers }), options.signal);
      if (response.ok) return response;
      const error = await failure(response);
      if (response.status !== 401 || !(await this.#newKey(used, error.message))) throw error;
    }
  }

  /** Asks for a key once, however many calls lack it. Whether there is another than the one used. */
  async #newKey(used, message) {
    if (this.#key !== used) return true;
    this.#asking ??= this.askKey(message).finally(() => (this.#asking = null));
    const key = await this.#asking;
    if (key === null) return false;
    this.key = key;
    return true;
  }
}

async function reached(call, signal) {
  try {
    return await call();
  } catch (e) {
    if (signal?.aborted) throw e;
    throw new ApiError("The server cannot be reached. Is it still running?");
  }
}

async function read(reader, signal) {
  try {
    return await reader.read();
  } catch (e) {
    if (signal?.aborted) throw e;
    throw new ApiError("The connection ended before the answer did.");
  }
}

async function failure(response) {
  const rest = {
    status: response.status,
    retryAfter: Number(response.headers.get("Retry-After")) || undefined,
    requestId: response.headers.get("X-Request-Id") ?? undefined,
  };
  try {
    return told((await response.json()).error, rest);
  } catch {
    return new ApiError(`The server answered with status ${response.status} and no reason.`, rest);
  }
}

const told = (error, rest) =>
  new ApiError(error.message, { ...rest, code: error.code ?? undefined, param: error.param ?? undefined });
