import { useEffect } from 'preact/hooks';
import { personPath } from '../routes.js';
import { nameOf, wantName } from '../state/names.js';

const SHORT_ID = 8;

/** A person by id: the e-mail as soon as it is known, with a link to their page. */
export function Person({ id }: { id: string }) {
  useEffect(() => wantName(id), [id]);
  const short = id.length > SHORT_ID ? `${id.slice(0, SHORT_ID)}…` : id;
  return <a href={personPath(id)}>{nameOf(id) ?? short}</a>;
}
