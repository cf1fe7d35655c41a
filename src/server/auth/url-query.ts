/** A percent sign that begins no byte, or the separator that Go's parser, and so lal, refuses. */
const UNPARSABLE = /%(?![\da-f]{2})|;/i;

/**
 * The parameters of a URL's query, decoded as forms are. Of several with one name `get` gives the first.
 * @param query without `?`
 * @returns `undefined` when any part of it is badly coded: such a query has no parameters, as in lal
 */
export function parseUrlQuery(query: string): URLSearchParams | undefined {
  return UNPARSABLE.test(query) ? undefined : new URLSearchParams(query);
}
