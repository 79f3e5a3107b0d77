<?php
// A clinic's appointments, whose patients sign in with Digital ID. PHP 8.2 with openssl, nothing else.
//
//   ISSUER=http://localhost:8080 CLIENT_ID=clinic CLIENT_SECRET=... BASE=http://127.0.0.1:3000 \
//     php -S 127.0.0.1:3000 index.php

declare(strict_types=1);

require __DIR__ . '/digital_id.php';

$base = getenv('BASE');
$provider = new DigitalId(getenv('ISSUER'), getenv('CLIENT_ID'), getenv('CLIENT_SECRET'), "$base/callback");
$ended = new EndedSessions(sys_get_temp_dir() . '/clinic-ended-' . getenv('CLIENT_ID'));

session_name('clinic');
session_start([
    'cookie_httponly' => true, 'cookie_samesite' => 'Lax', 'cookie_secure' => str_starts_with($base, 'https://'),
    'use_strict_mode' => true,
]);
if (isset($_SESSION['sid']) && $ended->has($_SESSION['sid'])) {
    $_SESSION = [];
}
header('Cache-Control: no-store');

$asked = $_SERVER['REQUEST_METHOD'] . ' ' . parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
try {
    match ($asked) {
        'GET /' => page(200, isset($_SESSION['person']) ? signedIn($_SESSION) : signedOut()),
        'GET /sign-in' => signIn($provider),
        'GET /callback' => callback($provider),
        'GET /refresh' => refresh($provider),
        'GET /sign-out' => signOut($provider, $base),
        'POST /backchannel-logout' => backchannelLogout($provider, $ended),
        default => page(404, '<p>Not found.</p>'),
    };
} catch (Refused $refused) {
    // access_denied: they said no. Anything else is for whoever looks after this system.
    error_log($refused->getMessage());
    $refused->error === 'access_denied'
        ? page(403, '<p>You said no. <a href="/">Back</a></p>')
        : page(400, '<p>Signing in did not work. <a href="/sign-in">Try again</a></p>');
}

function signIn(DigitalId $provider): void
{
    // What the answer is checked against stays here, with this browser's session.
    $checks = ['state' => random(), 'nonce' => random(), 'verifier' => random()];
    $_SESSION['checks'] = $checks;
    redirect($provider->authorizationUrl('openid profile citizen_id offline_access', $checks));
}

function callback(DigitalId $provider): void
{
    $checks = $_SESSION['checks'] ?? throw new Refused('nobody asked for this');
    unset($_SESSION['checks']);
    $tokens = $provider->tokens($_GET, $checks);
    $claims = $provider->idToken($tokens['id_token'], $checks['nonce']);
    $person = $provider->userinfo($tokens['access_token'], $claims['sub']);
    // A new name for the session, so that one planted before the sign-in is worth nothing.
    session_regenerate_id(true);
    $_SESSION = [
        'sub' => $claims['sub'], 'sid' => $claims['sid'], 'ial_level' => $claims['ial_level'], 'person' => $person,
        'asked' => 1, 'id_token' => $tokens['id_token'], 'refresh_token' => $tokens['refresh_token'],
    ];
    redirect('/');
}

function refresh(DigitalId $provider): void
{
    if (isset($_SESSION['person'])) {
        try {
            $tokens = $provider->refreshed($_SESSION['refresh_token']);
            $_SESSION['refresh_token'] = $tokens['refresh_token'];
            $_SESSION['person'] = $provider->userinfo($tokens['access_token'], $_SESSION['sub']);
            $_SESSION['asked'] += 1;
        } catch (Refused $refused) {
            // The month has passed, or the grant was ended: only the person can go on.
            $refused->error === 'invalid_grant' ? $_SESSION = [] : throw $refused;
        }
    }
    redirect('/');
}

function signOut(DigitalId $provider, string $base): void
{
    $hint = $_SESSION['id_token'] ?? null;
    $_SESSION = [];
    redirect($hint === null ? '/' : $provider->endSessionUrl($hint, "$base/"));
}

// The provider calls this when the person signs out anywhere (OpenID Connect Back-Channel Logout 1.0).
function backchannelLogout(DigitalId $provider, EndedSessions $ended): void
{
    try {
        $ended->add($provider->logoutToken($_POST['logout_token'] ?? '')['sid']);
    } catch (Refused $refused) {
        error_log($refused->getMessage());
        http_response_code(400);
    }
}

/** The sessions that are over, a file each; a store that all servers share in production. */
final class EndedSessions
{
    public function __construct(private string $folder)
    {
        is_dir($folder) || mkdir($folder, 0700);
    }

    public function add(string $sid): void
    {
        touch($this->file($sid));
    }

    public function has(string $sid): bool
    {
        return file_exists($this->file($sid));
    }

    private function file(string $sid): string
    {
        return $this->folder . '/' . hash('sha256', $sid);
    }
}

function signedIn(array $session): string
{
    return sprintf(
        '<p>Signed in as %s, level %s.</p><p>Citizen ID %s, read %d times.</p>'
        . '<p><a href="/refresh">Read again</a> <a href="/sign-out">Sign out</a></p>',
        htmlspecialchars($session['person']['name']), htmlspecialchars($session['ial_level']),
        htmlspecialchars($session['person']['citizen_id']), $session['asked'],
    );
}

function signedOut(): string
{
    return '<p>You are not signed in. <a href="/sign-in">Sign in with Digital ID</a></p>';
}

function page(int $status, string $content): void
{
    http_response_code($status);
    header('Content-Type: text/html; charset=utf-8');
    echo "<!doctype html><html lang=\"en\"><title>Clinic</title><h1>Clinic</h1>$content</html>";
}

function redirect(string $address): void
{
    header("Location: $address", true, 303);
}

function random(): string
{
    return rtrim(strtr(base64_encode(random_bytes(32)), '+/', '-_'), '=');
}
