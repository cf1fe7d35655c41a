/**
 * The values of `error_code`: lal's 0, 404 and 1001 to 2002, and ours. 401, 403 and 500 come with the HTTP status of the
 * same number, all others with 200.
 */
export const ApiCode = {
  success: 0,
  tokenMissing: 401,
  originRefused: 403,
  pathUnknown: 404,
  internalError: 500,
  groupNotFound: 1001,
  paramMissing: 1002,
  sessionNotFound: 1003,
  startRelayPullFailed: 2001,
  listenRtpFailed: 2002,
  recordingRefused: 2003,
  relayPushRefused: 2004,
  configRefused: 2010,
} as const;

export type ApiCode = (typeof ApiCode)[keyof typeof ApiCode];

/** `desp` where a call has nothing more telling to say. The texts of lal's codes are lal's. */
export const API_TEXTS: Readonly<Record<ApiCode, string>> = {
  [ApiCode.success]: 'succ',
  [ApiCode.tokenMissing]: 'token missing or wrong: send "Authorization: Bearer TOKEN", or ?token=TOKEN',
  [ApiCode.originRefused]: 'calls from this origin are refused: list it in http_api.allowed_origins',
  [ApiCode.pathUnknown]: 'page not found, check this document out: lal',
  [ApiCode.internalError]: 'internal error; the log has it',
  [ApiCode.groupNotFound]: 'group not found',
  [ApiCode.paramMissing]: 'param missing',
  [ApiCode.sessionNotFound]: 'session not found',
  [ApiCode.startRelayPullFailed]: 'the pull could not be started',
  [ApiCode.listenRtpFailed]: 'the port could not be opened',
  [ApiCode.recordingRefused]: 'the recording could not be started or stopped',
  [ApiCode.relayPushRefused]: 'the push could not be started',
  [ApiCode.configRefused]: 'the config cannot be used; nothing has changed',
};
