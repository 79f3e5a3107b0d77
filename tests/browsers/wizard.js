// The wizard as a person goes through it: what they type and press, page by page.

export async function acceptTerms(visit) {
  await visit.open("/registration/terms");
  await accept(visit);
}

async function accept(visit) {
  await visit.press("accept");
  await visit.sees("identity");
}

export async function typeIdentity(visit, { citizenId = visit.person.citizenId, method = "idCard" } = {}) {
  const { person } = visit;
  await visit.choose(method);
  await visit.fill("citizenId", citizenId);
  await visit.fill("firstName", person.firstName);
  await visit.fill("middleName", person.middleName);
  await visit.fill("lastName", person.lastName);
  await visit.fill("birthDay", person.birthDay);
  await visit.fill("birthMonth", person.birthMonth);
  await visit.fill("birthYear", person.birthYear);
  if (method === "idCard") await visit.fill("laserCode", person.laserCode);
}

export async function proveIdentity(visit, how) {
  await typeIdentity(visit, how);
  await visit.press("confirm");
  await visit.sees("account");
}

export async function typeAccount(visit, { username = visit.person.username } = {}) {
  await visit.fill("username", username);
  await visit.fill("password", visit.person.password);
  await visit.fill("passwordAgain", visit.person.password);
}

export async function chooseAccount(visit) {
  await typeAccount(visit);
  await visit.press("confirm");
}

export async function askForCode(visit) {
  await visit.sees("confirmMobile");
  await visit.fill("mobile", visit.person.mobile);
  await visit.press("askForCode");
  await visit.sees("otp");
}

export async function enterCode(visit) {
  await visit.fill("code", await visit.service.codeSentTo(visit.person.mobile));
  await visit.press("confirm");
  await visit.sees("review");
}

const STEPS = [accept, proveIdentity, chooseAccount, askForCode, enterCode, confirmReview];

export async function confirmReview(visit) {
  await visit.press("confirm");
  await visit.sees("done");
}

/** As far as the page of this name. */
export async function walkTo(visit, name) {
  await visit.open("/registration/terms");
  await walkOn(visit, name);
}

/** The same from the terms as they stand. */
export async function walkOn(visit, name) {
  const pages = ["identity", "account", "confirmMobile", "otp", "review", "done"];
  for (const step of STEPS.slice(0, pages.indexOf(name) + 1)) await step(visit);
  await visit.sees(name);
}

/** With the account that was made. */
export async function signIn(visit) {
  await visit.fill("username", visit.person.username);
  await visit.fill("password", visit.person.password);
  await visit.press("signIn");
}

/** The same person in another browser, which needs the code. */
export async function signInElsewhere(visit) {
  const elsewhere = await visit.elsewhere();
  await elsewhere.open("/sign-in");
  await signIn(elsewhere);
  await elsewhere.sees("signInCode");
  await elsewhere.fill("code", await visit.service.codeSentTo(visit.person.mobile));
  await elsewhere.press("confirm");
  await elsewhere.sees("myAccount");
  return elsewhere;
}

/** Registered, signed in, and at the list of one's sessions. */
export async function atSessions(visit) {
  await walkTo(visit, "done");
  await visit.open("/sign-in");
  await signIn(visit);
  await visit.sees("myAccount");
  await visit.link("seeSessions").click();
  await visit.sees("sessions");
}
