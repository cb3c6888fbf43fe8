<?php

declare(strict_types=1);

// Every request that is not for a file comes in here.

require __DIR__ . '/../src/database.php';
require __DIR__ . '/../src/orders.php';
require __DIR__ . '/../src/answers.php';

$method = $_SERVER['REQUEST_METHOD'];
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) ?: '/';

try {
    if ($path === '/') {
        in_array($method, ['GET', 'HEAD'], true) ? answer_page() : answer_error(405, 'This page can only be read.');
    } elseif ($path === '/orders' && $method === 'POST') {
        answer_placing();
    } elseif (preg_match('#^/orders/([^/]+)$#', $path, $found) && in_array($method, ['GET', 'HEAD'], true)) {
        answer_order(rawurldecode($found[1]));
    } else {
        answer_error(404, 'There is nothing here.');
    }
} catch (PDOException $error) {
    error_log($error->getMessage());
    header('Retry-After: 1');
    answer_error(503, 'The order book cannot be reached right now. Please try again.');
}
