<?php

declare(strict_types=1);

// What the shop answers: JSON to programs, one page to people.

const LATEST_SHOWN = 10;
const CONTENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

function answer_placing(): void
{
    $key = requested_key();
    $number = requested_number() ?? $key;
    if (!is_order_number($number)) {
        answer_error(422, 'An order needs a number: up to 64 letters, digits, dots, dashes and underscores.');
        return;
    }
    if ($key !== null && $key !== $number) {
        answer_error(422, "An order's Idempotency-Key is its number: one of the two is wrong.");
        return;
    }
    $is_new = place_order($number);
    if (posted_by_form()) {
        header('Location: /', response_code: 303);
        return;
    }
    if ($is_new) {
        header('Location: /orders/' . rawurlencode($number), response_code: 201);
    }
    answer_json($is_new ? 201 : 200, ['number' => $number, 'new' => $is_new]);
}

function answer_order(string $number): void
{
    $order = is_order_number($number) ? find_order($number) : null;
    $order === null ? answer_error(404, 'There is no order with this number.') : answer_json(200, $order);
}

function answer_page(): void
{
    ['count' => $count, 'latest' => $latest] = summarize_orders(LATEST_SHOWN);
    $suggestion = 'N' . strtoupper(bin2hex(random_bytes(4)));
    header('Content-Type: text/html; charset=utf-8');
    header('Content-Security-Policy: ' . CONTENT_POLICY);
    header('X-Content-Type-Options: nosniff');
    header('Referrer-Policy: no-referrer');
    header('Cache-Control: no-store');
    require __DIR__ . '/page.php';
}

function answer_json(int $status, array $content): void
{
    http_response_code($status);
    header('Content-Type: application/json');
    header('X-Content-Type-Options: nosniff');
    header('Cache-Control: no-store');
    echo json_encode($content, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE), "\n";
}

function answer_error(int $status, string $message): void
{
    answer_json($status, ['error' => $message]);
}

/** The number in the query, the form, or the JSON body of a request. */
function requested_number(): mixed
{
    if (str_starts_with($_SERVER['CONTENT_TYPE'] ?? '', 'application/json')) {
        $body = json_decode(file_get_contents('php://input'), associative: true);
        return is_array($body) ? $body['number'] ?? null : null;
    }
    return $_POST['number'] ?? $_GET['number'] ?? null;
}

/** What marks the request when it comes again (the header's value is a quoted string; many send it without quotes). */
function requested_key(): ?string
{
    $key = $_SERVER['HTTP_IDEMPOTENCY_KEY'] ?? null;
    return $key === null ? null : trim($key, '"');
}

function posted_by_form(): bool
{
    return isset($_POST['number']) && str_contains($_SERVER['HTTP_ACCEPT'] ?? '', 'text/html');
}

function escape(string $text): string
{
    return htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE);
}
