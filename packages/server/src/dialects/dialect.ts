/**
 * What a dialect is to the HTTP server: a set of paths, the endpoints on them, how callers prove themselves there, and
 * what an error looks like. Adding a dialect is one folder and one line in `dialects.ts`; adding an endpoint is one
 * file and one line in the dialect's list.
 */
import type { DomainError } from '@countersign/core/domain-error';
import type { Caller, Permission } from '@countersign/core/principal';
import type { RequestLimits, Services } from '@countersign/core/services';
import type { TSchema } from 'typebox';
import type { WebhookFormat } from './webhook-format.ts';

/** A complete answer. The server adds only what HTTP itself asks for (length, date, connection). */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Undefined: no body and no content type. */
  readonly contentType?: string;
  readonly body?: string | Uint8Array;
}

/** What a handler gets. Nothing of the transport: no sockets, no raw headers. */
export interface PublicContext {
  readonly services: Services;
  readonly limits: RequestLimits;
  /** The parsed JSON body, shape unknown; undefined where the body is empty. Has no duplicate or `__proto__` members. */
  readonly body: unknown;
  /** Path parameters, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** Query parameters, percent-decoded; a list where one was repeated. */
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  readonly raw: RawRequest;
  /** What came after `Bearer`, unchecked: for calls without authentication that take a token of another kind. */
  readonly bearer: string | undefined;
}

/** The request as it came: what a user action is bound to. */
export interface RawRequest {
  readonly method: string;
  /** Percent-encoded as sent, without the query. */
  readonly path: string;
  /** Empty where there is none. */
  readonly body: Uint8Array;
}

export interface AuthenticatedContext extends PublicContext {
  readonly caller: Caller;
  /** The bearer token of this request, for ending its session; undefined for an API key used directly. */
  readonly token: string | undefined;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface EndpointFacts {
  readonly method: Method;
  /** With `:name` for a parameter: `/crypto/v1/keys/:kid`. */
  readonly path: string;
  /**
   * What the caller needs on the object that the call is about, as the core checks it; empty where being known is
   * enough. Here for documentation and for the authorization test, which fails for an endpoint whose facts are wrong.
   */
  readonly permissions: readonly Permission[];
  /** Body, for documentation and tests; undefined where there is none. */
  readonly request: TSchema | undefined;
  /** Answers by status; undefined for an empty body. Errors aren't listed: they are the dialect's. */
  readonly responses: Readonly<Record<number, TSchema | undefined>>;
  /** Query parameters that it takes, all of them optional; absent where it takes none. For documentation. */
  readonly query?: Readonly<Record<string, TSchema>>;
  /** Unique name of the call, `createKey`. Every endpoint of a dialect with an OpenAPI document has one. */
  readonly operation?: string;
  /** One line about the call. */
  readonly summary?: string;
}

/** What an OpenAPI document says beside the endpoints. */
export interface OpenApiFacts {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  /** Of every error. */
  readonly error: TSchema;
}

export type Endpoint =
  | (EndpointFacts & {
      readonly authentication: 'none';
      readonly handle: (context: PublicContext) => Promise<Answer>;
    })
  | (EndpointFacts & {
      /** `bearer`: whatever the dialect takes after `Bearer`. */
      readonly authentication: 'api-key' | 'session' | 'api-key-or-session' | 'bearer';
      readonly handle: (context: AuthenticatedContext) => Promise<Answer>;
    });

export type Authentication = Endpoint['authentication'];

/** Who calls, and the bearer token if that is how it proved itself. */
export interface Credentials {
  readonly caller: Caller;
  readonly token: string | undefined;
}

export interface Dialect {
  /** Goes into the log and the metrics. */
  readonly name: string;
  /** Paths that belong to this dialect, at whole segments: `/crypto/v1` owns `/crypto/v1/sign`, not `/crypto/v10`. */
  readonly pathPrefixes: readonly string[];
  readonly endpoints: readonly Endpoint[];
  /**
   * Checks the Authorization header, before the body is read.
   * @throws DomainError `unauthenticated` or `session_expired`
   */
  readonly authenticate: (
    services: Services,
    authorization: string | undefined,
    required: Exclude<Authentication, 'none'>,
  ) => Promise<Credentials>;
  /**
   * Header that carries a proven user action (`services.userActions`), in lower case. Where a request has it, the caller
   * is proven before the endpoint is called; a call that changes something may then have no query, which no proof covers.
   */
  readonly proofHeader: string;
  /** How webhooks that were made in this dialect are sent; undefined for a dialect without webhooks. */
  readonly webhookFormat?: WebhookFormat;
  /** Undefined for a dialect without an OpenAPI document. */
  readonly openApi?: OpenApiFacts;
  /** A domain error on the wire. */
  readonly renderError: (error: DomainError) => Answer;
  /** An error of HTTP itself (404, 405, 408, 413, 414, 431 ...), which no domain code stands for. */
  readonly renderFault: (status: number, message: string) => Answer;
}
