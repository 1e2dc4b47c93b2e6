;; One layer of the decoder, and a matrix times a vector, four 32-bit floats at a time.
;;
;; decoder.ts computes the same and is the text to read first; kernel.ts lays out the memory and calls this.
;; All addresses are in bytes, all sizes are counts of floats and multiples of 4, all data is 16-byte aligned.

(module
  (import "model" "memory" (memory 1))

  ;; The model's sizes, and where its intermediate results stand. kernel.ts sets them once.
  (global $hidden_size (export "hidden_size") (mut i32) (i32.const 0))
  (global $feed_forward_size (export "feed_forward_size") (mut i32) (i32.const 0))
  (global $heads (export "heads") (mut i32) (i32.const 0))
  (global $kv_heads (export "kv_heads") (mut i32) (i32.const 0))
  (global $head_size (export "head_size") (mut i32) (i32.const 0))
  (global $norm_epsilon (export "norm_epsilon") (mut f32) (f32.const 0))
  (global $residual (export "residual") (mut i32) (i32.const 0))
  (global $normed (export "normed") (mut i32) (i32.const 0))
  (global $query (export "query") (mut i32) (i32.const 0))
  (global $mixed (export "mixed") (mut i32) (i32.const 0))
  (global $weights (export "weights") (mut i32) (i32.const 0))  ;; of one head: a place for each position
  (global $hidden (export "hidden") (mut i32) (i32.const 0))
  (global $up (export "up") (mut i32) (i32.const 0))
  (global $output (export "output") (mut i32) (i32.const 0))
  (global $cosines (export "cosines") (mut i32) (i32.const 0))  ;; of the position, one for each pair of a head
  (global $sines (export "sines") (mut i32) (i32.const 0))

  ;; The sum of a vector's four numbers.
  (func $sum (param $x v128) (result f32)
    (local.set $x (f32x4.add (local.get $x)
      (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $x) (local.get $x))))
    (f32.add (f32x4.extract_lane 0 (local.get $x)) (f32x4.extract_lane 1 (local.get $x))))

  ;; e^x = 2^n · e^r, where n is the whole number nearest to x / ln 2, so that |r| < 0.35.
  ;; The polynomial for e^r and the two parts of ln 2 are those of expf in the Cephes library.
  (func $exp (param $x v128) (result v128)
    (local $n v128) (local $r v128) (local $p v128)
    ;; Beyond this a float overflows, or is so small that it counts as 0.
    (local.set $x (f32x4.min (f32x4.max (local.get $x) (v128.const f32x4 -87 -87 -87 -87)) (v128.const f32x4 88 88 88 88)))
    (local.set $n (f32x4.nearest (f32x4.mul (local.get $x)
      (v128.const f32x4 1.44269504 1.44269504 1.44269504 1.44269504))))
    (local.set $r (f32x4.sub (local.get $x) (f32x4.mul (local.get $n)
      (v128.const f32x4 0.693359375 0.693359375 0.693359375 0.693359375))))
    (local.set $r (f32x4.sub (local.get $r) (f32x4.mul (local.get $n)
      (v128.const f32x4 -2.12194440e-4 -2.12194440e-4 -2.12194440e-4 -2.12194440e-4))))
    (local.set $p (v128.const f32x4 1.9875691500e-4 1.9875691500e-4 1.9875691500e-4 1.9875691500e-4))
    (local.set $p (f32x4.add (f32x4.mul (local.get $p) (local.get $r))
      (v128.const f32x4 1.3981999507e-3 1.3981999507e-3 1.3981999507e-3 1.3981999507e-3)))
    (local.set $p (f32x4.add (f32x4.mul (local.get $p) (local.get $r))
      (v128.const f32x4 8.3334519073e-3 8.3334519073e-3 8.3334519073e-3 8.3334519073e-3)))
    (local.set $p (f32x4.add (f32x4.mul (local.get $p) (local.get $r))
      (v128.const f32x4 4.1665795894e-2 4.1665795894e-2 4.1665795894e-2 4.1665795894e-2)))
    (local.set $p (f32x4.add (f32x4.mul (local.get $p) (local.get $r))
      (v128.const f32x4 1.6666665459e-1 1.6666665459e-1 1.6666665459e-1 1.6666665459e-1)))
    (local.set $p (f32x4.add (f32x4.mul (local.get $p) (local.get $r)) (v128.const f32x4 0.5 0.5 0.5 0.5)))
    (local.set $p (f32x4.add (f32x4.mul (f32x4.mul (local.get $p) (local.get $r)) (local.get $r))
      (f32x4.add (local.get $r) (v128.const f32x4 1 1 1 1))))
    ;; A float's exponent begins at bit 23: adding n there multiplies by 2^n.
    (i32x4.add (local.get $p) (i32x4.shl (i32x4.trunc_sat_f32x4_s (local.get $n)) (i32.const 23))))

  ;; product[rows] = matrix[rows, columns] · vector[columns], four rows at a time.
  (func $multiply (export "multiply")
    (param $matrix i32) (param $vector i32) (param $rows i32) (param $columns i32) (param $product i32)
    (local $stride i32) (local $end i32) (local $column i32) (local $row_end i32) (local $x v128)
    (local $first i32) (local $second i32) (local $third i32) (local $fourth i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $stride (i32.shl (local.get $columns) (i32.const 2)))
    (local.set $end (i32.add (local.get $product) (i32.shl (local.get $rows) (i32.const 2))))
    (local.set $first (local.get $matrix))
    (loop $rows
      (local.set $second (i32.add (local.get $first) (local.get $stride)))
      (local.set $third (i32.add (local.get $second) (local.get $stride)))
      (local.set $fourth (i32.add (local.get $third) (local.get $stride)))
      (local.set $row_end (local.get $second))
      (local.set $column (local.get $vector))
      (local.set $a (v128.const f32x4 0 0 0 0))
      (local.set $b (v128.const f32x4 0 0 0 0))
      (local.set $c (v128.const f32x4 0 0 0 0))
      (local.set $d (v128.const f32x4 0 0 0 0))
      (loop $columns
        (local.set $x (v128.load (local.get $column)))
        (local.set $a (f32x4.add (local.get $a) (f32x4.mul (v128.load (local.get $first)) (local.get $x))))
        (local.set $b (f32x4.add (local.get $b) (f32x4.mul (v128.load (local.get $second)) (local.get $x))))
        (local.set $c (f32x4.add (local.get $c) (f32x4.mul (v128.load (local.get $third)) (local.get $x))))
        (local.set $d (f32x4.add (local.get $d) (f32x4.mul (v128.load (local.get $fourth)) (local.get $x))))
        (local.set $column (i32.add (local.get $column) (i32.const 16)))
        (local.set $first (i32.add (local.get $first) (i32.const 16)))
        (local.set $second (i32.add (local.get $second) (i32.const 16)))
        (local.set $third (i32.add (local.get $third) (i32.const 16)))
        (local.set $fourth (i32.add (local.get $fourth) (i32.const 16)))
        (br_if $columns (i32.lt_u (local.get $first) (local.get $row_end))))
      (f32.store (local.get $product) (call $sum (local.get $a)))
      (f32.store offset=4 (local.get $product) (call $sum (local.get $b)))
      (f32.store offset=8 (local.get $product) (call $sum (local.get $c)))
      (f32.store offset=12 (local.get $product) (call $sum (local.get $d)))
      (local.set $first (local.get $fourth))  ;; which ends where the next four rows begin
      (local.set $product (i32.add (local.get $product) (i32.const 16)))
      (br_if $rows (i32.lt_u (local.get $product) (local.get $end)))))

  ;; normed = residual / sqrt(mean(residual²) + ε) · gain
  (func $norm (export "norm") (param $gain i32)
    (local $at i32) (local $end i32) (local $x v128) (local $squares v128) (local $scale v128)
    (local.set $end (i32.shl (global.get $hidden_size) (i32.const 2)))
    (loop $sum_of_squares
      (local.set $x (v128.load (i32.add (global.get $residual) (local.get $at))))
      (local.set $squares (f32x4.add (local.get $squares) (f32x4.mul (local.get $x) (local.get $x))))
      (br_if $sum_of_squares (i32.lt_u
        (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
    (local.set $scale (f32x4.splat (f32.div (f32.const 1) (f32.sqrt (f32.add (global.get $norm_epsilon)
      (f32.div (call $sum (local.get $squares)) (f32.convert_i32_u (global.get $hidden_size))))))))
    (local.set $at (i32.const 0))
    (loop $scaled
      (v128.store (i32.add (global.get $normed) (local.get $at))
        (f32x4.mul (v128.load (i32.add (local.get $gain) (local.get $at)))
          (f32x4.mul (local.get $scale) (v128.load (i32.add (global.get $residual) (local.get $at))))))
      (br_if $scaled (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end)))))

  ;; residual += output
  (func $add
    (local $at i32) (local $end i32) (local $here i32)
    (local.set $end (i32.shl (global.get $hidden_size) (i32.const 2)))
    (loop $next
      (local.set $here (i32.add (global.get $residual) (local.get $at)))
      (v128.store (local.get $here) (f32x4.add
        (v128.load (local.get $here)) (v128.load (i32.add (global.get $output) (local.get $at)))))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end)))))

  ;; Rotary positions: in each head, dimensions i and i + size/2 turn together.
  (func $rotate (param $head i32) (param $count i32)
    (local $half i32) (local $at i32) (local $here i32) (local $there i32) (local $end i32)
    (local $first v128) (local $second v128) (local $cos v128) (local $sin v128)
    (local.set $half (i32.shl (global.get $head_size) (i32.const 1)))  ;; half a head, in bytes
    (local.set $end (i32.add (local.get $head) (i32.mul (local.get $count) (i32.shl (local.get $half) (i32.const 1)))))
    (loop $heads
      (local.set $at (i32.const 0))
      (loop $pairs
        (local.set $here (i32.add (local.get $head) (local.get $at)))
        (local.set $there (i32.add (local.get $here) (local.get $half)))
        (local.set $first (v128.load (local.get $here)))
        (local.set $second (v128.load (local.get $there)))
        (local.set $cos (v128.load (i32.add (global.get $cosines) (local.get $at))))
        (local.set $sin (v128.load (i32.add (global.get $sines) (local.get $at))))
        (v128.store (local.get $here) (f32x4.sub
          (f32x4.mul (local.get $first) (local.get $cos)) (f32x4.mul (local.get $second) (local.get $sin))))
        (v128.store (local.get $there) (f32x4.add
          (f32x4.mul (local.get $second) (local.get $cos)) (f32x4.mul (local.get $first) (local.get $sin))))
        (br_if $pairs (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $half))))
      (local.set $head (i32.add (local.get $head) (i32.shl (local.get $half) (i32.const 1))))
      (br_if $heads (i32.lt_u (local.get $head) (local.get $end)))))

  ;; weights[count] = softmax(query · keys / sqrt(size)) of one head.
  ;; `keys` is where its key of position 0 stands; the next is `stride` bytes on.
  (func $weigh (param $query i32) (param $keys i32) (param $stride i32) (param $count i32)
    (local $at i32) (local $end i32) (local $i i32) (local $bytes i32) (local $scale f32) (local $score f32)
    (local $largest f32) (local $products v128) (local $x v128) (local $total v128)
    (local.set $bytes (i32.shl (global.get $head_size) (i32.const 2)))
    (local.set $scale (f32.div (f32.const 1) (f32.sqrt (f32.convert_i32_u (global.get $head_size)))))
    (local.set $at (global.get $weights))
    (local.set $end (i32.add (global.get $weights) (i32.shl (local.get $count) (i32.const 2))))
    (local.set $largest (f32.const -inf))
    (loop $scores
      (local.set $products (v128.const f32x4 0 0 0 0))
      (local.set $i (i32.const 0))
      (loop $dot
        (local.set $products (f32x4.add (local.get $products) (f32x4.mul
          (v128.load (i32.add (local.get $query) (local.get $i)))
          (v128.load (i32.add (local.get $keys) (local.get $i))))))
        (br_if $dot (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 16))) (local.get $bytes))))
      (local.set $score (f32.mul (local.get $scale) (call $sum (local.get $products))))
      (local.set $largest (f32.max (local.get $largest) (local.get $score)))
      (f32.store (local.get $at) (local.get $score))
      (local.set $keys (i32.add (local.get $keys) (local.get $stride)))
      (br_if $scores (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (local.get $end))))
    ;; What fills up the last four counts as nothing.
    (v128.store (local.get $end) (v128.const f32x4 -inf -inf -inf -inf))
    (local.set $at (global.get $weights))
    (loop $exponentials
      (local.set $x (call $exp (f32x4.sub (v128.load (local.get $at)) (f32x4.splat (local.get $largest)))))
      (v128.store (local.get $at) (local.get $x))
      (local.set $total (f32x4.add (local.get $total) (local.get $x)))
      (br_if $exponentials (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
    (local.set $x (f32x4.splat (f32.div (f32.const 1) (call $sum (local.get $total)))))
    (local.set $at (global.get $weights))
    (loop $shares
      (v128.store (local.get $at) (f32x4.mul (v128.load (local.get $at)) (local.get $x)))
      (br_if $shares (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end)))))

  ;; mixed[size] = weights[count] · values of one head
  (func $mix (param $mixed i32) (param $values i32) (param $stride i32) (param $count i32)
    (local $at i32) (local $i i32) (local $bytes i32) (local $end i32) (local $value i32) (local $x v128)
    (local.set $bytes (i32.shl (global.get $head_size) (i32.const 2)))
    (local.set $end (i32.add (global.get $weights) (i32.shl (local.get $count) (i32.const 2))))
    (loop $dimensions
      (local.set $x (v128.const f32x4 0 0 0 0))
      (local.set $value (i32.add (local.get $values) (local.get $i)))
      (local.set $at (global.get $weights))
      (loop $positions
        (local.set $x (f32x4.add (local.get $x) (f32x4.mul
          (v128.load32_splat (local.get $at)) (v128.load (local.get $value)))))
        (local.set $value (i32.add (local.get $value) (local.get $stride)))
        (br_if $positions (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (local.get $end))))
      (v128.store (i32.add (local.get $mixed) (local.get $i)) (local.get $x))
      (br_if $dimensions (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 16))) (local.get $bytes)))))

  ;; hidden = hidden / (1 + e^-hidden) · up
  (func $gate
    (local $at i32) (local $end i32) (local $here i32) (local $x v128)
    (local.set $end (i32.shl (global.get $feed_forward_size) (i32.const 2)))
    (loop $next
      (local.set $here (i32.add (global.get $hidden) (local.get $at)))
      (local.set $x (v128.load (local.get $here)))
      (v128.store (local.get $here) (f32x4.mul
        (v128.load (i32.add (global.get $up) (local.get $at)))
        (f32x4.div (local.get $x)
          (f32x4.add (v128.const f32x4 1 1 1 1) (call $exp (f32x4.neg (local.get $x)))))))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end)))))

  ;; Attention and feed-forward of one layer, added to the residual. The layer's tensors stand one after another, in the
  ;; order in which they are used here; keys and values are the cache's of this layer, [position, kv_heads, head_size].
  (func (export "layer") (param $tensor i32) (param $keys i32) (param $values i32) (param $position i32)
    (local $width i32) (local $stride i32) (local $head i32) (local $shared i32) (local $bytes i32)
    (local.set $width (i32.mul (global.get $kv_heads) (global.get $head_size)))
    (local.set $stride (i32.shl (local.get $width) (i32.const 2)))
    (local.set $bytes (i32.shl (global.get $head_size) (i32.const 2)))

    (local.set $tensor (call $norm_with (local.get $tensor)))
    (local.set $tensor (call $project (local.get $tensor) (global.get $normed)
      (i32.mul (global.get $heads) (global.get $head_size)) (global.get $hidden_size) (global.get $query)))
    (local.set $tensor (call $project (local.get $tensor) (global.get $normed) (local.get $width) (global.get $hidden_size)
      (i32.add (local.get $keys) (i32.mul (local.get $position) (local.get $stride)))))
    (local.set $tensor (call $project (local.get $tensor) (global.get $normed) (local.get $width) (global.get $hidden_size)
      (i32.add (local.get $values) (i32.mul (local.get $position) (local.get $stride)))))
    (call $rotate (global.get $query) (global.get $heads))
    (call $rotate (i32.add (local.get $keys) (i32.mul (local.get $position) (local.get $stride))) (global.get $kv_heads))
    (loop $heads
      ;; Several query heads read one key-value head.
      (local.set $shared (i32.mul (local.get $bytes)
        (i32.div_u (local.get $head) (i32.div_u (global.get $heads) (global.get $kv_heads)))))
      (call $weigh (i32.add (global.get $query) (i32.mul (local.get $head) (local.get $bytes)))
        (i32.add (local.get $keys) (local.get $shared)) (local.get $stride)
        (i32.add (local.get $position) (i32.const 1)))
      (call $mix (i32.add (global.get $mixed) (i32.mul (local.get $head) (local.get $bytes)))
        (i32.add (local.get $values) (local.get $shared)) (local.get $stride)
        (i32.add (local.get $position) (i32.const 1)))
      (br_if $heads (i32.lt_u (local.tee $head (i32.add (local.get $head) (i32.const 1))) (global.get $heads))))
    (local.set $tensor (call $project (local.get $tensor) (global.get $mixed)
      (global.get $hidden_size) (i32.mul (global.get $heads) (global.get $head_size)) (global.get $output)))
    (call $add)

    (local.set $tensor (call $norm_with (local.get $tensor)))
    (local.set $tensor (call $project (local.get $tensor) (global.get $normed)
      (global.get $feed_forward_size) (global.get $hidden_size) (global.get $hidden)))
    (local.set $tensor (call $project (local.get $tensor) (global.get $normed)
      (global.get $feed_forward_size) (global.get $hidden_size) (global.get $up)))
    (call $gate)
    (drop (call $project (local.get $tensor) (global.get $hidden)
      (global.get $hidden_size) (global.get $feed_forward_size) (global.get $output)))
    (call $add))

  ;; As $norm and $multiply; both return the address behind the tensor they used.
  (func $norm_with (param $gain i32) (result i32)
    (call $norm (local.get $gain))
    (i32.add (local.get $gain) (i32.shl (global.get $hidden_size) (i32.const 2))))
  (func $project
    (param $matrix i32) (param $vector i32) (param $rows i32) (param $columns i32) (param $product i32) (result i32)
    (call $multiply (local.get $matrix) (local.get $vector) (local.get $rows) (local.get $columns) (local.get $product))
    (i32.add (local.get $matrix) (i32.shl (i32.mul (local.get $rows) (local.get $columns)) (i32.const 2)))))
