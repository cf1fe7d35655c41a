import { expectSamePackets } from './compare.ts';
import { fixturePath } from './fixtures.ts';
import { readFlvTags, recordingOf } from './flv-file.ts';
import type { FlvTag } from './flv-file.ts';
import { FlvReader } from './flv-reader.ts';
import type { LocalServer } from './local-server.ts';
import { RtmpPublisher } from './rtmp-publisher.ts';
import type { Scope } from './scope.ts';

/** A stream with a viewer that has nothing to do with what is tested, and must not notice it. */
export class Bystander {
  readonly #publisher: RtmpPublisher;
  readonly #reader: FlvReader;
  readonly #tags: FlvTag[];
  #sent = 0;

  private constructor(publisher: RtmpPublisher, reader: FlvReader, tags: FlvTag[]) {
    this.#publisher = publisher;
    this.#reader = reader;
    this.#tags = tags;
  }

  static async start(scope: Scope, local: LocalServer): Promise<Bystander> {
    const reader = FlvReader.open(scope, local.flvUrl('http', 'bystander'));
    await reader.joined();
    const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'bystander');
    return new Bystander(publisher, reader, readFlvTags(fixturePath('h264-bframes-aac')));
  }

  /** Sends a few more tags. */
  async goOn(tags = 10): Promise<void> {
    await this.#publisher.send(this.#tags.slice(this.#sent, this.#sent + tags));
    this.#sent = Math.min(this.#sent + tags, this.#tags.length);
  }

  /** Sends the rest, and fails unless the viewer got every unit. */
  async expectUnharmed(): Promise<void> {
    await this.goOn(this.#tags.length);
    const source = recordingOf(this.#tags);
    await this.#reader.untilUnits(source.units.length);
    expectSamePackets(source, this.#reader.recording, { sameOrder: true });
  }
}
