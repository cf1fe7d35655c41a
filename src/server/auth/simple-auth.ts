import type { Clock } from '../../media/clock.ts';
import { endReason } from '../../media/end-reason.ts';
import { hostOf } from '../../session/net/address.ts';
import type { AdmissionCheck, HlsFetch, Objection } from '../admission/admission-check.ts';
import type { ServerConfig } from '../config/server-config.ts';
import type { SessionIdentity, SessionProtocol } from '../sessions/session-record.ts';
import { streamKeyOf, type StreamAddress } from '../stream-address.ts';
import { isLalSecret, LAL_SECRET } from './lal-secret.ts';
import { hasSignature, signatureFaultOf, type SignatureFault, type SignedAction } from './signed-query.ts';
import { parseUrlQuery } from './url-query.ts';

type Switches = Partial<Record<SessionProtocol, keyof ServerConfig['simple_auth']>>;

/** Protocols that are not named are never asked. HLS is asked at each playlist, by `fetchHls`. */
const SWITCH_OF: Readonly<Record<SignedAction, Switches>> = {
  publish: { RTMP: 'pub_rtmp_enable', RTSP: 'pub_rtsp_enable' },
  play: {
    RTMP: 'sub_rtmp_enable',
    RTSP: 'sub_rtsp_enable',
    FLV: 'sub_httpflv_enable',
    TS: 'sub_httpts_enable',
  },
};

type Fault = SignatureFault | 'ERR_AUTH_QUERY' | 'ERR_AUTH_MISSING' | 'ERR_AUTH_SECRET';

/** What the client is told. */
const FAULT_TEXT: Readonly<Record<Fault, string>> = {
  ERR_AUTH_QUERY: 'the query of the URL cannot be parsed',
  ERR_AUTH_MISSING: 'the URL brings neither a secret nor a signature',
  ERR_AUTH_SECRET: 'the secret is wrong',
  ERR_AUTH_SIGNATURE: 'the signature does not fit',
  ERR_AUTH_EXPIRED: 'the signature has expired',
  ERR_AUTH_ADDRESS: 'the signature is for another address',
};

/** The section `simple_auth`: a stream's URL brings lal's secret, or a signature that expires. Either lets in. */
export class SimpleAuth implements AdmissionCheck {
  readonly #config: Pick<ServerConfig, 'simple_auth' | 'stream_key'>;
  readonly #clock: Clock;

  constructor(config: Pick<ServerConfig, 'simple_auth' | 'stream_key'>, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  publish(session: SessionIdentity): Objection {
    return this.#checkSession('publish', session);
  }

  play(session: SessionIdentity): Objection {
    return this.#checkSession('play', session);
  }

  /** Fragments are free, as in lal; without a playlist their names have to be guessed, and hold a time in milliseconds. */
  fetchHls(request: HlsFetch): Objection {
    if (request.kind !== 'playlist' || !this.#config.simple_auth.hls_m3u8_enable) return undefined;
    return this.#check('play', request, request.remoteHost);
  }

  #checkSession(action: SignedAction, session: SessionIdentity): Objection {
    const key = SWITCH_OF[action][session.protocol];
    if (key === undefined || this.#config.simple_auth[key] !== true) return undefined;
    return this.#check(action, session, hostOf(session.remoteAddress));
  }

  #check(action: SignedAction, address: StreamAddress, remoteHost: string): Objection {
    const fault = this.#faultOf(action, address, remoteHost);
    return fault === undefined ? undefined : endReason('refused', fault, FAULT_TEXT[fault]);
  }

  #faultOf(action: SignedAction, address: StreamAddress, remoteHost: string): Fault | undefined {
    const { simple_auth: auth, stream_key: keyMode } = this.#config;
    const query = parseUrlQuery(address.urlParam);
    if (query === undefined) return 'ERR_AUTH_QUERY';
    const secret = query.get(LAL_SECRET) ?? '';
    if (secret !== '' && isLalSecret(auth, address.streamName, secret)) return undefined;
    if (auth.sign_key !== '' && hasSignature(query)) {
      const streamKey = streamKeyOf(address, keyMode);
      const wallMs = this.#clock.wallMs();
      return signatureFaultOf(auth.sign_key, query, { action, streamKey, remoteHost, wallMs });
    }
    return secret === '' ? 'ERR_AUTH_MISSING' : 'ERR_AUTH_SECRET';
  }
}
