import type { Data } from './session-model.js';

/** A change that a request makes to the session it was given. */
export type Edit = { add: string } | { remove: string } | { append: string } | { set: string };
export type EditKind = 'add' | 'remove' | 'append' | 'set';

/** The same change, to the object a request works with and to what the model believes to be stored. */
export function applyEdit(data: Data, edit: Edit): void {
  if ('add' in edit) data.cart = { ...data.cart, [edit.add]: true };
  else if ('remove' in edit) delete data.cart?.[edit.remove];
  else if ('append' in edit) data.log = [...(data.log ?? []), edit.append];
  else data.last = edit.set;
}

/** @param own what this request has added and not saved yet: taking that away again would be no change at all */
export function makeEdit(kind: EditKind, id: string, seen: Data, own: readonly Edit[]): Edit {
  if (kind === 'append') return { append: id };
  if (kind === 'set') return { set: id };
  const added = own.flatMap((edit) => ('add' in edit ? [edit.add] : []));
  const known = Object.keys(seen.cart ?? {}).filter((one) => !added.includes(one));
  return kind === 'remove' && known[0] !== undefined ? { remove: known[0] } : { add: id };
}
