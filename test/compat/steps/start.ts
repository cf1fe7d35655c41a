import type { Step } from '../step.ts';

/** What is told at the start, and what the server says of itself. */
export const startSteps: Step[] = [
  {
    name: 'start',
    settings: ['plain', 'guarded', 'relaying'],
    async run(stage) {
      await stage.update('on_update of an empty server');
      await stage.api('lal_info', '/api/stat/lal_info');
      await stage.api('all_group of an empty server', '/api/stat/all_group');
    },
  },
];
