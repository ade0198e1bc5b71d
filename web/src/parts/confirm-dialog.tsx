import type { ComponentChildren } from 'preact';
import { useSignal } from '@preact/signals';
import { ErrorAlert } from './alert.js';
import { Dialog } from './dialog.js';
import { Field } from './field.js';
import { useAction } from './use-action.js';

/** Something to be done once a person has said yes to it. */
export interface Question {
  title: string;
  text: ComponentChildren;
  /** On the button that does it. */
  verb: string;
  /** A word to be typed first. */
  word?: string;
  act: () => Promise<string | void>;
}

/** Asks before something is done that cannot be undone, and does it. */
export function ConfirmDialog({ question, onClose }: { question: Question; onClose: () => void }) {
  const action = useAction();
  const typed = useSignal('');
  const { word } = question;
  const isAllowed = word === undefined || typed.value.trim().toLowerCase() === word;

  async function confirm(event: SubmitEvent) {
    event.preventDefault();
    if (isAllowed && (await action.run(question.act))) onClose();
  }

  return (
    <Dialog title={question.title} onClose={onClose}>
      <form onSubmit={(event) => void confirm(event)}>
        <div class="prose">{question.text}</div>
        {word !== undefined && (
          <Field
            label={`Type “${word}” to confirm`}
            name="confirmation"
            autocomplete="off"
            spellcheck={false}
            onInput={(value) => (typed.value = value)}
          />
        )}
        <ErrorAlert error={action.error} />
        <div class="buttons">
          <button type="submit" class="danger" disabled={!isAllowed || action.busy}>
            {question.verb}
          </button>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
