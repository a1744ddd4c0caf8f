import css from "../people.module.css";
import { AccessRules } from "./AccessRules";
import { Faces } from "./Faces";
import { Holds } from "./Holds";
import { Retention } from "./Retention";
import { SingleSignOn } from "./SingleSignOn";

/** What holds for the whole chain. */
export function Settings() {
  return (
    <div className={css.columns}>
      <div className={css.column}>
        <AccessRules />
        <Faces />
        <Holds />
      </div>
      <SingleSignOn />
      <Retention />
    </div>
  );
}
