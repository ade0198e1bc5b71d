import type { InputHTMLAttributes } from 'preact';
import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';

interface FieldProps {
  label: string;
  name: string;
  type?: 'text' | 'email' | 'search' | 'password';
  hint?: string;
  /** What is wrong with it. */
  error?: string | undefined;
  autocomplete?: InputHTMLAttributes['autocomplete'];
  required?: boolean;
  /** What stands in it at first; then it is whoever types in it who decides. */
  initial?: string;
  /** What stands in it, with `onInput`: it is reset to this whenever the page is drawn. */
  value?: string;
  maxLength?: number;
  spellcheck?: boolean;
  onInput?: (value: string) => void;
}

/** A labelled input, with what is wrong with it read out with it. */
export function Field({ label, hint, error, initial, onInput, type = 'text', ...input }: FieldProps) {
  const id = useId();
  const isShown = useSignal(false);
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  // One of several in Preact's types, which tell the attributes of each apart; ours are the same for all.
  const shownAs = (type === 'password' && isShown.value ? 'text' : type) as 'text';
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="input">
        <input
          {...input}
          id={id}
          defaultValue={initial}
          type={shownAs}
          autocapitalize="none"
          aria-invalid={error ? 'true' : undefined}
          aria-describedby={described || undefined}
          onInput={onInput && ((event) => onInput(event.currentTarget.value))}
        />
        {type === 'password' && (
          <button
            type="button"
            class="quiet small"
            aria-pressed={isShown.value}
            aria-label={`Show ${label.toLowerCase()}`}
            onClick={() => (isShown.value = !isShown.value)}
          >
            {isShown.value ? 'Hide' : 'Show'}
          </button>
        )}
      </div>
      {hint && (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} class="field-error">
          {error}
        </p>
      )}
    </div>
  );
}
