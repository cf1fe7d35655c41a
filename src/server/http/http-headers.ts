import { VERSION } from '../version.ts';

/** lal's `Server` header, with our version. */
export const SERVER_NAME: string = `lal${VERSION}`;

/** Any page may play: the headers that lal sends with every media response. */
export const corsHeaders: Readonly<Record<string, string>> = {
  'Access-Control-Allow-Credentials': 'true',
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Headers': '*',
};
