import { codecBlindCells, describeMatrix, rtmpCell, rtmpsCell } from '../support/matrix.ts';
import { enhancedFixturePath, playWithFfmpeg8, publishWithFfmpeg8 } from '../support/peers.ts';
import type { EnhancedFixture } from '../support/peers.ts';

const cells = [
  rtmpsCell('FFmpeg 8', playWithFfmpeg8),
  rtmpCell('FFmpeg 8', playWithFfmpeg8),
  ...codecBlindCells,
];

function describeEnhanced(title: string, fixture: EnhancedFixture): void {
  const file = enhancedFixturePath(fixture);
  describeMatrix(title, { file, publish: (scope, url) => publishWithFfmpeg8(scope, file, url) }, cells);
}

describeEnhanced('H.265 and AAC, enhanced RTMP', 'hevc-aac');
describeEnhanced('AV1 and AAC, enhanced RTMP', 'av1-aac');
describeEnhanced('VP9 and AAC, enhanced RTMP', 'vp9-aac');
