/** What was typed into a field of a form. */
export function typed(event: SubmitEvent): (name: string) => string {
  const form = new FormData(event.currentTarget as HTMLFormElement);
  return (name) => {
    const value = form.get(name);
    return typeof value === 'string' ? value : '';
  };
}
