/** The name of a `publish` or `play`, taken apart as lal does: nothing is percent-decoded. */
export interface RtmpStreamName {
  /** As sent, with its query. */
  readonly rawName: string;
  /** Before the first `?`. */
  readonly streamName: string;
  /** Behind the `?` when there is exactly one; else empty. */
  readonly urlParam: string;
}

/** Takes a `publish` or `play` name apart. */
export function parseStreamName(rawName: string): RtmpStreamName {
  const [streamName = '', urlParam = '', ...more] = rawName.split('?', 3);
  return { rawName, streamName, urlParam: more.length === 0 ? urlParam : '' };
}
