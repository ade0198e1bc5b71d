<?php

/**
 * For Latchkey's tests: reads one request per line from standard input, as JSON, and says what becomes of it.
 *
 * Where Redis is: REDIS_SOCKET, or REDIS_HOST and REDIS_PORT, with REDIS_CA over TLS; REDIS_USER and REDIS_PASSWORD;
 * REDIS_TIMEOUT_MS.
 */

declare(strict_types=1);

use Latchkey\Refused;
use Latchkey\SessionReader;
use Latchkey\Unavailable;

require __DIR__ . '/LatchkeySessions.php';

function connect(): Redis
{
    $redis = new Redis();
    $socket = getenv('REDIS_SOCKET');
    $timeout = (float) getenv('REDIS_TIMEOUT_MS') / 1000;
    if ($socket !== false) {
        $redis->connect($socket, 0, $timeout, null, 0, $timeout);
    } elseif (getenv('REDIS_CA') === false) {
        @$redis->connect(getenv('REDIS_HOST'), (int) getenv('REDIS_PORT'), $timeout, null, 0, $timeout);
    } else {
        $tls = ['stream' => ['cafile' => getenv('REDIS_CA')]];
        // Says by a warning, too, why it throws.
        @$redis->connect('tls://' . getenv('REDIS_HOST'), (int) getenv('REDIS_PORT'), $timeout, null, 0, $timeout, $tls);
    }
    $redis->auth([getenv('REDIS_USER'), getenv('REDIS_PASSWORD')]);
    return $redis;
}

/** JSON is UTF-8; a header is bytes, of which each character of the text stands for one. */
function bytes(array $texts): array
{
    return array_map(fn (string $text) => iconv('UTF-8', 'ISO-8859-1', $text), $texts);
}

/** @param array<string, SessionReader> $readers one for each of the settings, as a program would have */
function verdict(array &$readers, stdClass $request): array
{
    $settings = $request->settings;
    $reader = $readers[serialize($settings)] ??= new SessionReader(
        connect(...),
        $settings->secrets,
        $settings->indexKeys,
        prefix: $settings->prefix,
        cookieName: $settings->cookieName,
    );
    try {
        $session = $reader->read(bytes($request->cookie), bytes($request->authorization), $settings->anonymous);
    } catch (Refused $refused) {
        return ['refused' => $refused->reason];
    } catch (Unavailable) {
        return ['unavailable' => true];
    }
    return ['session' => [...get_object_vars($session), 'isAdmin' => $session->hasRole('admin')]];
}

$readers = [];
while (($line = fgets(STDIN)) !== false) {
    echo json_encode(verdict($readers, json_decode($line)), JSON_THROW_ON_ERROR), "\n";
}
