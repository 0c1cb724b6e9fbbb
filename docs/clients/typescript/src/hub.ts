// Asks a hub: one document, typed; asked again with the same key when the answer gets lost.
import type { RefusedFragment, TypedDocumentString } from './generated.js';

/** Sends one request with whatever shows who you are: a token, or a proof of a key. */
export type Send = (url: URL, body: string) => Promise<Response>;

/** Shows a token that is ready, e.g. one of the development profile. */
export function withToken(token: string): Send {
  return (url, body) =>
    fetch(url, {
      method: 'POST',
      headers: { ...HEADERS, authorization: `Bearer ${token}` },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
}

export const HEADERS = {
  'content-type': 'application/json',
  accept: 'application/graphql-response+json, application/json;q=0.9',
};
export const TIMEOUT_MS = 20_000;
const TRIES_MAX = 6;
const PAUSE_MIN_MS = 100;
const PAUSE_MAX_MS = 10_000;
const WAIT_MAX_SECONDS = 60;
const PASSING_STATUSES = new Set([429, 502, 503, 504]);
const PASSING_CODES = new Set(['OVERLOADED', 'OUTCOME_UNKNOWN', 'THROTTLED']);

interface GraphQLError {
  message: string;
  extensions?: { code?: string; retryAfter?: number };
}

/** Who are you, may you, limits, mistakes: what the hub did not even try. */
export class Fault extends Error {
  constructor(readonly errors: readonly GraphQLError[]) {
    super(errors.map((error) => `${error.message} (${error.extensions?.code})`).join('; '));
  }
}

/** Whether it was done is not known. Send the same variables again: the key is the same. */
export class NoAnswer extends Error {}

/** The hub refused by its rules and changed nothing. */
export class Refused extends Error {
  constructor(readonly reason: RefusedFragment) {
    super(reason.message);
  }
}

export class Hub {
  readonly #url: URL;
  readonly #send: Send;

  constructor(url: string, send: Send) {
    this.#url = new URL(url);
    this.#send = send;
  }

  /**
   * Sends a document until there is an answer. What is sent twice is done once, because each input
   * holds its idempotency key and a try repeats the whole body.
   */
  async ask<Data, Variables>(
    document: TypedDocumentString<Data, Variables>,
    variables: Variables,
  ): Promise<Data> {
    const body = JSON.stringify({ query: document.toString(), variables });
    let reason = '';
    for (let tries = 1; tries <= TRIES_MAX; tries++) {
      let seconds = 0;
      try {
        const response = await this.#send(this.#url, body);
        const answer = await read<Data>(response);
        const errors = answer?.errors ?? [];
        if (!PASSING_STATUSES.has(response.status) && !errors.some(passes)) {
          if (errors.length > 0) throw new Fault(errors);
          if (answer?.data) return answer.data;
          throw new Error(`status ${response.status}, and no answer of GraphQL`);
        }
        reason = `status ${response.status} ${errors.map((error) => error.message).join('; ')}`;
        const asked = errors.map((error) => error.extensions?.retryAfter ?? 0);
        seconds = Math.max(0, Number(response.headers.get('retry-after') ?? 0) || 0, ...asked);
      } catch (error) {
        if (!isLost(error)) throw error;
        reason = String(error);
      }
      if (tries === TRIES_MAX || seconds > WAIT_MAX_SECONDS) break;
      await pause(tries, seconds);
    }
    throw new NoAnswer(reason);
  }
}

/** Gives a payload that was not refused. */
export function accepted<Payload extends { readonly userErrors: readonly RefusedFragment[] }>(
  payload: Payload,
): Payload {
  const [reason] = payload.userErrors;
  if (reason) throw new Refused(reason);
  return payload;
}

async function read<Data>(
  response: Response,
): Promise<{ data?: Data | null; errors?: GraphQLError[] } | null> {
  try {
    return JSON.parse(await response.text());
  } catch (error) {
    if (isLost(error)) throw error;
    return null; // a page of something between us and the hub
  }
}

/** fetch says TypeError for a connection that failed, and TimeoutError for one that took too long. */
function isLost(error: unknown): boolean {
  return error instanceof TypeError || (error as Error).name === 'TimeoutError';
}

function passes(error: GraphQLError): boolean {
  return PASSING_CODES.has(error.extensions?.code ?? '');
}

function pause(tries: number, seconds: number): Promise<void> {
  const whole = Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** (tries - 1));
  const drawn = whole / 2 + (Math.random() * whole) / 2;
  return new Promise((wake) => setTimeout(wake, Math.max(drawn, seconds * 1000)));
}
