/**
 * For tests: what this product's client says is always there, call by call. Written down by hand and held to the client's
 * own types: a member that is missing here, or that the client doesn't require, is an error of types.
 */
import type * as Auth from 'dfns-sdk-0.8.21/generated/auth/types.js';
import type * as Keys from 'dfns-sdk-0.8.21/generated/keys/types.js';
import type * as Permissions from 'dfns-sdk-0.8.21/generated/permissions/types.js';
import type * as Policies from 'dfns-sdk-0.8.21/generated/policies/types.js';
import type * as Signers from 'dfns-sdk-0.8.21/generated/signers/types.js';
import type * as Wallets from 'dfns-sdk-0.8.21/generated/wallets/types.js';
import type * as Webhooks from 'dfns-sdk-0.8.21/generated/webhooks/types.js';

/** Of a union: what all of its members require. */
type RequiredMember<Answer> = {
  [Name in keyof Answer]-?: object extends Pick<Answer, Name> ? never : Name;
}[keyof Answer];
type Members<Answer> = Readonly<Record<RequiredMember<Answer>, true>>;
type Item<Answer extends { items: unknown[] }> = Answer['items'][number];

const KEY = {
  id: true,
  scheme: true,
  curve: true,
  publicKey: true,
  status: true,
  custodial: true,
  dateCreated: true,
} satisfies Members<Keys.CreateKeyResponse> &
  Members<Keys.UpdateKeyResponse> &
  Members<Keys.DeleteKeyResponse> &
  Members<Item<Keys.ListKeysResponse>>;

const KEY_WITH_STORE = { ...KEY, wallets: true, store: true } satisfies Members<Keys.GetKeyResponse>;

const SIGNATURE_REQUEST = {
  id: true,
  keyId: true,
  requester: true,
  requestBody: true,
  status: true,
  dateRequested: true,
} satisfies Members<Keys.GenerateSignatureResponse> &
  Members<Keys.GetSignatureResponse> &
  Members<Item<Keys.ListSignaturesResponse>>;

const WALLET_SIGNATURE_REQUEST = {
  ...SIGNATURE_REQUEST,
  network: true,
  walletId: true,
} satisfies Members<Wallets.GenerateSignatureResponse> &
  Members<Wallets.GetSignatureResponse> &
  Members<Item<Wallets.ListSignaturesResponse>>;

const WALLET = {
  id: true,
  network: true,
  signingKey: true,
  status: true,
  dateCreated: true,
  custodial: true,
  tags: true,
} satisfies Members<Wallets.CreateWalletResponse> &
  Members<Wallets.GetWalletResponse> &
  Members<Item<Wallets.ListWalletsResponse>>;

const POLICY = {
  id: true,
  name: true,
  status: true,
  activityKind: true,
  rule: true,
  action: true,
} satisfies Members<Policies.CreatePolicyResponse> &
  Members<Policies.GetPolicyResponse> &
  Members<Policies.UpdatePolicyResponse> &
  Members<Policies.ArchivePolicyResponse> &
  Members<Item<Policies.ListPoliciesResponse>>;

const APPROVAL = {
  id: true,
  initiatorId: true,
  activity: true,
  status: true,
  dateUpdated: true,
  policyEvaluations: true,
  decisions: true,
} satisfies Members<Policies.GetApprovalResponse> &
  Members<Policies.CreateApprovalDecisionResponse> &
  Members<Item<Policies.ListApprovalsResponse>>;

const PERMISSION = {
  id: true,
  name: true,
  operations: true,
  status: true,
  isImmutable: true,
  isArchived: true,
  dateCreated: true,
  dateUpdated: true,
} satisfies Members<Permissions.CreatePermissionResponse> &
  Members<Permissions.GetPermissionResponse> &
  Members<Permissions.UpdatePermissionResponse> &
  Members<Permissions.ArchivePermissionResponse> &
  Members<Item<Permissions.ListPermissionsResponse>>;

const ASSIGNMENT = {
  id: true,
  permissionId: true,
  identityId: true,
  isImmutable: true,
  dateCreated: true,
  dateUpdated: true,
} satisfies Members<Permissions.CreateAssignmentResponse> &
  Members<Permissions.DeleteAssignmentResponse> &
  Members<Item<Permissions.ListAssignmentsResponse>>;

const WEBHOOK = {
  id: true,
  url: true,
  events: true,
  status: true,
  dateCreated: true,
  dateUpdated: true,
} satisfies Members<Webhooks.GetWebhookResponse> &
  Members<Webhooks.UpdateWebhookResponse> &
  Members<Item<Webhooks.ListWebhooksResponse>>;

const WEBHOOK_EVENT = {
  id: true,
  kind: true,
  date: true,
  data: true,
  status: true,
  timestampSent: true,
} satisfies Members<Webhooks.GetWebhookEventResponse> & Members<Item<Webhooks.ListWebhookEventsResponse>>;

const SERVICE_ACCOUNT = {
  userInfo: true,
  accessTokens: true,
} satisfies Members<Auth.CreateServiceAccountResponse> &
  Members<Auth.GetServiceAccountResponse> &
  Members<Auth.ActivateServiceAccountResponse> &
  Members<Auth.DeactivateServiceAccountResponse> &
  Members<Auth.ArchiveServiceAccountResponse> &
  Members<Item<Auth.ListServiceAccountsResponse>>;

const USER = {
  userId: true,
  username: true,
  name: true,
  kind: true,
  credentialUuid: true,
  orgId: true,
  isActive: true,
  isServiceAccount: true,
  isRegistered: true,
  isSSORequired: true,
  permissionAssignments: true,
} satisfies Members<Auth.CreateUserResponse> &
  Members<Auth.GetUserResponse> &
  Members<Auth.ActivateUserResponse> &
  Members<Auth.DeactivateUserResponse> &
  Members<Item<Auth.ListUsersResponse>>;

const TOKEN = {
  dateCreated: true,
  credId: true,
  isActive: true,
  kind: true,
  linkedUserId: true,
  linkedAppId: true,
  name: true,
  orgId: true,
  permissionAssignments: true,
  publicKey: true,
  tokenId: true,
} satisfies Members<Auth.GetPersonalAccessTokenResponse> &
  Members<Auth.ActivatePersonalAccessTokenResponse> &
  Members<Auth.DeactivatePersonalAccessTokenResponse> &
  Members<Auth.ArchivePersonalAccessTokenResponse> &
  Members<Item<Auth.ListPersonalAccessTokensResponse>>;

const CREDENTIAL = {
  kind: true,
  credentialId: true,
  credentialUuid: true,
  dateCreated: true,
  isActive: true,
  name: true,
  publicKey: true,
  relyingPartyId: true,
  origin: true,
} satisfies Members<Auth.CreateCredentialResponse> & Members<Item<Auth.ListCredentialsResponse>>;

const CHALLENGE = {
  challenge: true,
  challengeIdentifier: true,
  supportedCredentialKinds: true,
  userVerification: true,
  attestation: true,
  externalAuthenticationUrl: true,
  allowCredentials: true,
} satisfies Members<Auth.CreateUserActionChallengeResponse> & Members<Auth.CreateLoginChallengeResponse>;

const REGISTRATION_CHALLENGE = {
  user: true,
  challenge: true,
  temporaryAuthenticationToken: true,
  supportedCredentialKinds: true,
  authenticatorSelection: true,
  attestation: true,
  pubKeyCredParams: true,
  excludeCredentials: true,
  otpUrl: true,
} satisfies Members<Auth.CreateRegistrationChallengeResponse>;

const CREDENTIAL_CHALLENGE = {
  kind: true,
  user: true,
  challengeIdentifier: true,
  temporaryAuthenticationToken: true,
} satisfies Members<Auth.CreateCredentialChallengeResponse>;

const MESSAGE = { message: true } satisfies Members<Auth.ActivateCredentialResponse> &
  Members<Auth.DeactivateCredentialResponse> &
  Members<Auth.LogoutResponse>;

/** Of the answer itself, or of each of its `items`. */
const ANSWERS: Readonly<Record<string, Readonly<Record<string, true>> | 'refused'>> = {
  'POST /auth/action/init': CHALLENGE,
  'POST /auth/action': { userAction: true } satisfies Members<Auth.CreateUserActionSignatureResponse>,
  'GET /auth/credentials': CREDENTIAL,
  'POST /auth/credentials/init': CREDENTIAL_CHALLENGE,
  'POST /auth/credentials': CREDENTIAL,
  'PUT /auth/credentials/activate': MESSAGE,
  'PUT /auth/credentials/deactivate': MESSAGE,
  'POST /auth/registration/init': REGISTRATION_CHALLENGE,
  'POST /auth/registration': { credential: true, user: true } satisfies Members<Auth.RegisterResponse>,
  'POST /auth/login/init': CHALLENGE,
  'POST /auth/login': { token: true } satisfies Members<Extract<Auth.LoginResponse, { token: string }>>,
  'PUT /auth/logout': MESSAGE,
  'POST /auth/service-accounts': SERVICE_ACCOUNT,
  'GET /auth/service-accounts': SERVICE_ACCOUNT,
  'GET /auth/service-accounts/:serviceAccountId': SERVICE_ACCOUNT,
  'PUT /auth/service-accounts/:serviceAccountId/activate': SERVICE_ACCOUNT,
  'PUT /auth/service-accounts/:serviceAccountId/deactivate': SERVICE_ACCOUNT,
  'DELETE /auth/service-accounts/:serviceAccountId': SERVICE_ACCOUNT,
  'POST /auth/pats': { ...TOKEN, accessToken: true } satisfies Members<Auth.CreatePersonalAccessTokenResponse>,
  'GET /auth/pats': TOKEN,
  'GET /auth/pats/:tokenId': TOKEN,
  'PUT /auth/pats/:tokenId/activate': TOKEN,
  'PUT /auth/pats/:tokenId/deactivate': TOKEN,
  'DELETE /auth/pats/:tokenId': TOKEN,
  'POST /auth/users': USER,
  'GET /auth/users': USER,
  'GET /auth/users/:userId': USER,
  'PUT /auth/users/:userId/activate': USER,
  'PUT /auth/users/:userId/deactivate': USER,
  'POST /permissions': PERMISSION,
  'GET /permissions/:permissionId': PERMISSION,
  'GET /permissions': PERMISSION,
  'PUT /permissions/:permissionId': PERMISSION,
  'PUT /permissions/:permissionId/archive': PERMISSION,
  'POST /permissions/:permissionId/assignments': ASSIGNMENT,
  'GET /permissions/:permissionId/assignments': ASSIGNMENT,
  'DELETE /permissions/:permissionId/assignments/:assignmentId': ASSIGNMENT,
  'POST /keys': KEY,
  'GET /keys': KEY,
  'GET /keys/:keyId': KEY_WITH_STORE,
  'PUT /keys/:keyId': KEY,
  'DELETE /keys/:keyId': KEY,
  'POST /keys/:keyId/delegate': { keyId: true, status: true } satisfies Members<Keys.DelegateKeyResponse>,
  'POST /keys/import': 'refused',
  'POST /keys/:keyId/export': 'refused',
  'GET /key-stores': { id: true, kind: true, primary: true } satisfies Members<Item<Signers.ListKeyStoresResponse>>,
  'GET /signers': { clusters: true } satisfies Members<Signers.ListSignersResponse>,
  'POST /keys/:keyId/signatures': SIGNATURE_REQUEST,
  'GET /keys/:keyId/signatures/:signatureId': SIGNATURE_REQUEST,
  'GET /keys/:keyId/signatures': SIGNATURE_REQUEST,
  'POST /keys/:keyId/derive': { output: true } satisfies Members<Keys.DeriveKeyResponse>,
  'POST /wallets': WALLET,
  'GET /wallets/:walletId': WALLET,
  'GET /wallets': WALLET,
  'POST /wallets/:walletId/signatures': WALLET_SIGNATURE_REQUEST,
  'GET /wallets/:walletId/signatures/:signatureId': WALLET_SIGNATURE_REQUEST,
  'GET /wallets/:walletId/signatures': WALLET_SIGNATURE_REQUEST,
  'POST /v2/policies': POLICY,
  'GET /v2/policies/:policyId': POLICY,
  'GET /v2/policies': POLICY,
  'PUT /v2/policies/:policyId': POLICY,
  'DELETE /v2/policies/:policyId': POLICY,
  'GET /v2/policy-approvals': APPROVAL,
  'GET /v2/policy-approvals/:approvalId': APPROVAL,
  'POST /v2/policy-approvals/:approvalId/decisions': APPROVAL,
  'POST /webhooks': { ...WEBHOOK, secret: true } satisfies Members<Webhooks.CreateWebhookResponse>,
  'GET /webhooks/:webhookId': WEBHOOK,
  'GET /webhooks': WEBHOOK,
  'PUT /webhooks/:webhookId': WEBHOOK,
  'DELETE /webhooks/:webhookId': { deleted: true } satisfies Members<Webhooks.DeleteWebhookResponse>,
  'POST /webhooks/:webhookId/ping': { status: true } satisfies Members<Webhooks.PingWebhookResponse>,
  'GET /webhooks/:webhookId/events': WEBHOOK_EVENT,
  'GET /webhooks/:webhookId/events/:eventId': WEBHOOK_EVENT,
};

/** What an answer lacks. @param name method and path of the endpoint */
export function missingMembers(name: string, answer: unknown): readonly string[] {
  const required = ANSWERS[name];
  if (required === undefined || required === 'refused') return [`${name} has no list of members`];
  const { items } = answer as { readonly items?: unknown };
  const values: readonly unknown[] = Array.isArray(items) ? items : [answer];
  return values.flatMap((value) =>
    Object.keys(required).filter(
      (member) => typeof value !== 'object' || value === null || !Object.hasOwn(value, member),
    ),
  );
}
