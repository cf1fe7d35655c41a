import type { EndCode } from '../../media/end-reason.ts';
import { RtspStatus } from '../../protocol/rtsp/rtsp-status.ts';

/** How RTSP names a refusal. */
export function statusOfRefusal(code: EndCode): number {
  switch (code) {
    case 'name-refused':
      return RtspStatus.badRequest;
    case 'stream-not-found':
      return RtspStatus.notFound;
    case 'limit-reached':
    case 'admission-timeout':
    case 'server-shutdown':
      return RtspStatus.serviceUnavailable;
    case 'internal-error':
      return RtspStatus.internalServerError;
    default:
      return RtspStatus.forbidden;
  }
}
