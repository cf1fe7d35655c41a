/** The part of m3u8-parser that the tests use; the package has no types of its own. */
declare module 'm3u8-parser' {
  export interface ParsedSegment {
    uri: string;
    duration: number;
    discontinuity?: boolean;
    programDateTime?: number;
  }
  export class Parser {
    push(text: string): void;
    end(): void;
    manifest: {
      version?: number;
      targetDuration?: number;
      mediaSequence?: number;
      discontinuitySequence?: number;
      discontinuityStarts: number[];
      endList?: boolean;
      independentSegments?: boolean;
      segments: ParsedSegment[];
    };
    on(event: 'warn', listener: (warning: { message: string }) => void): void;
  }
}
