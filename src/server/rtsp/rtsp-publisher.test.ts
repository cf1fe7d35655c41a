import { expect, test, vi } from 'vitest';
import type { PublicationInput } from '../../hub/publication.ts';
import { RtspIngest } from '../../ingest/rtsp/rtsp-ingest.ts';
import type { EndReason } from '../../media/end-reason.ts';
import { parseSessionDescription } from '../../protocol/sdp/session-description.ts';
import type { RtspServerSession } from '../../session/rtsp/server-session.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { RTSP_SDP } from '../../testing/rtsp-server-kit.ts';
import { RtspPublisher } from './rtsp-publisher.ts';

test('a fault while a gap is looked at ends the session, and the stream is given back whatever else goes wrong', () => {
  const clock = new FakeClock();
  const fault = (): never => {
    throw new Error('ours');
  };
  vi.spyOn(RtspIngest.prototype, 'tick').mockImplementation(fault);
  vi.spyOn(RtspIngest.prototype, 'end').mockImplementation(fault);
  const release = vi.fn<() => void>();
  const ended: EndReason[] = [];
  const session = { close: (reason: EndReason) => publisher.close(reason) } as RtspServerSession;
  const admission = {
    streamKey: 'a',
    publication: { announce() {} } as unknown as PublicationInput,
    release,
  };
  const publisher = new RtspPublisher(
    session,
    admission,
    parseSessionDescription(RTSP_SDP),
    clock,
    (reason) => ended.push(reason),
  );
  publisher.record({ trackIndices: [0], keepsOrder: false });
  expect(() => clock.advance(100)).toThrow('ours');
  expect(ended).toMatchObject([{ code: 'internal-error' }]);
  expect(release).toHaveBeenCalledOnce();
  expect(clock.pendingTimers).toBe(0);
  vi.restoreAllMocks();
});
