import type { ComponentChildren } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import { LocationProvider, Route, Router, useLocation } from 'preact-iso';
import { Boundary } from './parts/boundary.js';
import { Shell } from './parts/shell.js';
import { EverybodyPage } from './pages/admin/everybody.js';
import { PeoplePage } from './pages/admin/people.js';
import { PersonPage } from './pages/admin/person.js';
import { StatsPage } from './pages/admin/stats.js';
import { TrailPage } from './pages/admin/trail.js';
import { ConfirmPage } from './pages/confirm.js';
import { LoginPage } from './pages/login.js';
import { MySessionsPage } from './pages/my-sessions.js';
import { NotForYouPage, NotFoundPage, StartingPage } from './pages/other.js';
import { PasswordPage } from './pages/password.js';
import { RegisterPage } from './pages/register.js';
import { CONFIRM, HOME, LOGIN, REGISTER } from './routes.js';
import { goOnAt, placeOf } from './state/go-on.js';
import { endedBecause, isAdmin, who } from './state/who.js';

const FRONT_PAGES: string[] = [LOGIN, REGISTER, CONFIRM];

/** All pages, each for whom it is. */
export function App() {
  return (
    <LocationProvider scope="/console">
      <Shell>
        <Boundary>
          <Gate />
        </Boundary>
      </Shell>
    </LocationProvider>
  );
}

function Gate() {
  const { path, url } = useLocation();
  const isFront = FRONT_PAGES.includes(path);
  if (!isReadable(path)) return <NotFoundPage />;
  if (who.value.is === 'asking') return <StartingPage />;
  if (who.value.is === 'out' && !isFront) {
    goOnAt(path === '/console' || endedBecause.value === 'logout' ? HOME : url);
    return <Redirect to={LOGIN} />;
  }
  const userId = who.value.is === 'in' ? who.value.user.id : null;
  const place = userId === null ? HOME : placeOf(userId);
  if (userId !== null && [LOGIN, REGISTER].includes(path)) return <Redirect to={place} />;
  if (path === '/console') return <Redirect to={HOME} />;
  // Nothing that one person has begun, a question that waits for a yes for example, is there for the next.
  return (
    <Router key={isFront ? 'front' : userId}>
      <Route path={LOGIN} component={LoginPage} />
      <Route path={REGISTER} component={RegisterPage} />
      <Route path={CONFIRM} component={ConfirmPage} />
      <Route path="/console/sessions" component={MySessionsPage} />
      <Route path="/console/password" component={PasswordPage} />
      <Route path="/console/admin/people" component={People} />
      <Route path="/console/admin/people/:id" component={Person} />
      <Route path="/console/admin/trail" component={Trail} />
      <Route path="/console/admin/stats" component={Stats} />
      <Route path="/console/admin/everybody" component={Everybody} />
      <Route default component={NotFoundPage} />
    </Router>
  );
}

// The router throws at what is not.
function isReadable(path: string): boolean {
  try {
    return decodeURIComponent(path) !== '';
  } catch {
    return false;
  }
}

// Of one identity each: the router would begin a page anew whenever its component is another function.
const People = () => <ForAdmins page={<PeoplePage />} />;
const Person = ({ id = '' }: { id?: string }) => <ForAdmins page={<PersonPage id={id} key={id} />} />;
const Trail = () => <ForAdmins page={<TrailPage />} />;
const Stats = () => <ForAdmins page={<StatsPage />} />;
const Everybody = () => <ForAdmins page={<EverybodyPage />} />;

function ForAdmins({ page }: { page: ComponentChildren }) {
  return isAdmin() ? page : <NotForYouPage />;
}

function Redirect({ to }: { to: string }) {
  const { route } = useLocation();
  useLayoutEffect(() => route(to, true), [to]);
  return null;
}
