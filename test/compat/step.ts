import type { SettingName } from './settings.ts';
import type { Stage } from './stage.ts';

/** One part of the script. What it sees depends on nothing that an earlier step has left behind. */
export interface Step {
  readonly name: string;
  readonly settings: readonly SettingName[];
  run(stage: Stage): Promise<void>;
}
