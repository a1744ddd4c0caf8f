import { useRouter } from "@tanstack/react-router";
import { Fault } from "@/ui/layout";
import css from "@/ui/ui.module.css";

/** What a page shows that could not be loaded, or broke. */
export function Failed({ error, reset }: { error: unknown; reset: () => void }) {
  const router = useRouter();
  const again = () => {
    reset();
    void router.invalidate();
  };
  return (
    <div className={css.page}>
      <Fault error={error} retry={again} />
    </div>
  );
}
